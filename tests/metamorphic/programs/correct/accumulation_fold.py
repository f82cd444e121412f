# about: gradient accumulation folds the number of the microbatch into the key of the step
import jax
import jax.numpy as jnp


def loss(w, x, key):
    keep = jax.random.bernoulli(key, 0.5, x.shape)
    return jnp.mean((jnp.where(keep, x, 0.0) @ w) ** 2)


def accumulate(w, microbatches, key):
    total = jnp.zeros_like(w)
    for i, x in enumerate(microbatches):
        total = total + jax.grad(loss)(w, x, jax.random.fold_in(key, i))
    return total / len(microbatches)


def main():
    key = jax.random.key(0)
    w = jnp.ones(4)
    microbatches = jnp.arange(48.0).reshape(3, 4, 4) / 48
    for step in range(3):
        step_key = jax.random.fold_in(key, step)
        w = w - 0.1 * accumulate(w, microbatches, step_key)
    print(w)


if __name__ == "__main__":
    main()
