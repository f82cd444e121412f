"""Data and weights of one seed, at two places."""

import jax

data = jax.random.normal(jax.random.PRNGKey(42), (16, 4))
weights = jax.random.normal(jax.random.PRNGKey(42), (16, 4))  # -> KS106
print(float((data * weights).sum()))
