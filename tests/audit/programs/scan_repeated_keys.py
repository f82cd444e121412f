"""The keys of the epochs were made once and are scanned again in every epoch."""

import jax
import jax.numpy as jnp

keys = jax.random.split(jax.random.key(0), 5)


@jax.jit
def epoch(w, keys):
    def body(w, key):
        return w + jax.random.normal(key, w.shape), None

    return jax.lax.scan(body, w, keys)[0]


w = jnp.zeros(3)
for _ in range(3):
    w = epoch(w, keys)  # -> KS201
print(w)
