"""A key is cloned to say that its second use is meant."""

import jax

key = jax.random.key(0)
a = jax.random.normal(key, (3,))
b = jax.random.normal(jax.random.clone(key), (3,))
print(a - b)
