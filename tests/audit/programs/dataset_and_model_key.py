"""The permutation of an epoch uses the key that also initialises the model."""

import jax

key = jax.random.PRNGKey(0)
w = jax.random.normal(key, (3,))
order = jax.random.permutation(key, 8)  # -> KS101
print(w, order)
