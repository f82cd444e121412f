"""A key of the module's scope is frozen into the compiled function."""

import jax
import jax.numpy as jnp

noise_key = jax.random.key(5)


@jax.jit
def perturb(x):
    return x + jax.random.normal(noise_key, x.shape)  # -> KS503


x = jnp.zeros(4)
for _ in range(3):
    x = perturb(x)
print(x)
