"""A seed of the clock that nobody writes down."""

import time

import jax

seed = int(time.time())
key = jax.random.key(seed)  # -> KS502
print(jax.random.normal(key, (2,)).shape)
