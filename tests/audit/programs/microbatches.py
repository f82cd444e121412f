"""Gradients of microbatches in a Python loop, one key for all of them."""

import jax
import jax.numpy as jnp


@jax.jit
def gradient(w, x, key):
    def loss(w):
        keep = jax.random.bernoulli(key, 0.5, x.shape)
        return jnp.mean(jnp.where(keep, x, 0.0) @ w)

    return jax.grad(loss)(w)


key, w = jax.random.key(0), jnp.ones(4)
x = jnp.arange(32.0).reshape(4, 2, 4)
for _ in range(2):
    key, step_key = jax.random.split(key)
    total = sum(gradient(w, micro, step_key) for micro in x)  # -> KS201
    w = w - 0.1 * total
print(w)
