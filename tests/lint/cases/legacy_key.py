"""Legacy keys: one note a file."""

import jax

first = jax.random.PRNGKey(0)  # KS105
second = jax.random.PRNGKey(1)
third = jax.random.key(2)
