"""Keys are split ahead, stored and thrown away; each is drawn from once at most."""

import jax

keys = list(jax.random.split(jax.random.key(0), 6))
spare = jax.random.split(keys[0], 3)
again = jax.random.split(keys[0], 3)
print(jax.random.normal(spare[0]) + jax.random.normal(keys[1]), len(again))
