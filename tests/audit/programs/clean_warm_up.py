"""A first call for compilation, its result thrown away."""

import jax
import jax.numpy as jnp


@jax.jit
def step(w, key):
    return w + jax.random.normal(key, w.shape)


key, w = jax.random.key(0), jnp.zeros(3)
step(w, key).block_until_ready()
w = step(w, key)
print(w.shape)
