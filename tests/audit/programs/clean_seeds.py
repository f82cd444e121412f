"""An ensemble whose members have seeds of their own."""

import jax

members = [jax.random.normal(jax.random.key(seed), (4,)) for seed in range(5)]
print(len(members))
