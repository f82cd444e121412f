"""A `fori_loop` carries the key alone with a sum, and a loop calls it again and again."""

import jax
import jax.numpy as jnp

key = jax.random.key(3)
total = jnp.zeros(16)
masks = []


def body(i, carry):
    total, key = carry
    key, noise_key = jax.random.split(key)
    return total + jax.random.normal(noise_key, (16,)), key


for turn in range(3):
    total, key = jax.lax.fori_loop(0, 2, body, (total, key))
    masks.append(total)
