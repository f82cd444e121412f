"""fold_in with a number that never moves."""

import jax
import jax.numpy as jnp

key, epoch = jax.random.key(2), 0


@jax.jit
def noise(key, epoch):
    return jax.random.normal(jax.random.fold_in(key, epoch), (3,))


total = jnp.zeros(3)
for _ in range(3):
    total += noise(key, epoch)  # -> KS201
print(total)
