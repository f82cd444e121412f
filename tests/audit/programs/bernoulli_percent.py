"""A probability in percent."""

import jax

key = jax.random.key(0)
mask = jax.random.bernoulli(key, 80, (8,))  # -> KS603
print(mask.sum())
