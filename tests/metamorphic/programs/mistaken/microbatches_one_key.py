# about: gradient accumulation by a scan with one key for all microbatches
import jax
import jax.numpy as jnp


def loss_fn(w, x, key):
    keep = jax.random.bernoulli(key, 0.5, x.shape)  # or: KS304|KS203
    return jnp.mean((jnp.where(keep, x, 0.0) @ w) ** 2)


@jax.jit
def train_step(w, microbatches, key):
    def accumulate(grads, x):
        return grads + jax.grad(loss_fn)(w, x, key), None  # expect: KS304|KS203

    grads, _ = jax.lax.scan(accumulate, jnp.zeros_like(w), microbatches)  # or: KS304|KS203
    return w - 0.1 * grads / len(microbatches)


def main():
    key = jax.random.key(27)
    w = jnp.ones(4)
    x = jnp.arange(64.0).reshape(4, 4, 4) / 64
    for step in range(3):
        key, step_key = jax.random.split(key)
        w = train_step(w, x, step_key)  # or: KS304|KS203
    print(w)


if __name__ == "__main__":
    main()
