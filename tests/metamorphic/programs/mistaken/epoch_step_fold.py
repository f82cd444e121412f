# about: the step that is folded in begins again in each epoch
import jax
import jax.numpy as jnp


@jax.jit
def train_step(w, x, key):
    keep = jax.random.bernoulli(key, 0.5, x.shape)  # or: KS204|KS201|KS203
    grad = jnp.where(keep, x, 0.0).mean(0) - w
    return w + 0.1 * grad


def train(w, data, key, epochs):
    for epoch in range(epochs):  # or: KS204|KS201|KS203
        for step, x in enumerate(data):
            step_key = jax.random.fold_in(key, step)  # expect: KS204|KS201|KS203
            w = train_step(w, x, step_key)  # or: KS204|KS201|KS203
        print(epoch, float(w.sum()))
    return w


def main():
    data = jnp.arange(48.0).reshape(6, 2, 4) / 48
    train(jnp.zeros(4), data, jax.random.key(9), epochs=3)


if __name__ == "__main__":
    main()
