"""An ahead-of-time compiled step gets one key for ever."""

import jax
import jax.numpy as jnp


def step(w, key):
    return w + jax.random.normal(key, w.shape)


key, w = jax.random.key(0), jnp.zeros(3)
compiled = jax.jit(step).lower(w, key).compile()
for _ in range(3):
    w = compiled(w, key)  # -> KS201
print(w)
