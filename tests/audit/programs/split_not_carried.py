"""The loop splits the same key every turn, for it throws the new one away."""

import jax
import jax.numpy as jnp

key = jax.random.key(2)


@jax.jit
def step(w, key):
    return w + 0.1 * jax.random.normal(key, w.shape)


w = jnp.zeros(3)
for _ in range(4):
    _, sub = jax.random.split(key)
    w = step(w, sub)  # -> KS201
print(w)
