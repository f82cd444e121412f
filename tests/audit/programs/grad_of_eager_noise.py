"""Eager gradients in a loop, the key outside of it."""

import jax
import jax.numpy as jnp

key, w = jax.random.key(0), jnp.ones(3)


def loss(w, key):
    return jnp.sum((w + jax.random.normal(key, w.shape)) ** 2)


for _ in range(3):
    w = w - 0.1 * jax.grad(loss)(w, key)  # -> KS201
print(w)
