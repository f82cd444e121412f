# about: a compiled function closes over a key, and microbatches share another one
import jax
import jax.numpy as jnp

noise_key, root = jax.random.split(jax.random.key(10))


@jax.jit
def perturb(x):
    return x + 0.1 * jax.random.normal(noise_key, x.shape)  # expect: KS503|KS201|KS203


def loss(w, x, key):
    keep = jax.random.bernoulli(key, 0.5, x.shape)  # or: KS304
    return jnp.mean((jnp.where(keep, x, 0.0) @ w) ** 2)


@jax.jit
def accumulate(w, microbatches, key):
    def add(total, x):
        return total + jax.grad(loss)(w, x, key), None  # expect: KS304|KS203

    return jax.lax.scan(add, jnp.zeros_like(w), microbatches)[0]  # or: KS304|KS203


w, x = jnp.ones(4), jnp.ones((3, 2, 4))
for step in range(3):
    grads = accumulate(w, perturb(x), jax.random.fold_in(root, step))  # or: KS503|KS304
    w = w - 0.1 * grads
