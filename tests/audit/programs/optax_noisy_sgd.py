"""Gradient noise is added with the key of dropout."""

import jax
import jax.numpy as jnp


@jax.jit
def step(w, key):
    def loss(w):
        keep = jax.random.bernoulli(key, 0.5, w.shape)
        return jnp.sum(jnp.where(keep, w, 0.0) ** 2)

    grad = jax.grad(loss)(w)
    return w - 0.1 * (grad + jax.random.normal(key, w.shape))  # -> KS101


key, w = jax.random.key(0), jnp.ones(3)
for _ in range(2):
    key, sub = jax.random.split(key)
    w = step(w, sub)
print(w)
