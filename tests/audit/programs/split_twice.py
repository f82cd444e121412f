"""A key is split at two places, in two numbers of children, which coincide."""

import jax

key = jax.random.key(0)
a, b = jax.random.split(key)
weights = jax.random.normal(a, (3,))
c, d, e = jax.random.split(key, 3)
bias = jax.random.normal(c, (3,))  # -> KS101
print(weights - bias)
