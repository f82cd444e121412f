"""Unrolled layers that are all handed one key."""

import jax
import jax.numpy as jnp


@jax.jit
def forward(x, key):
    for _ in range(3):
        keep = jax.random.bernoulli(key, 0.5, x.shape)  # -> KS201
        x = jnp.where(keep, x, 0.0) + 1.0
    return x


print(forward(jnp.ones(16), jax.random.key(0)))
