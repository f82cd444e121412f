"""A seed of the clock that is printed, so that the run can be repeated."""

import time

import jax

seed = int(time.time())
print("seed", seed)
key = jax.random.key(seed)
print(jax.random.normal(key, (2,)).shape)
