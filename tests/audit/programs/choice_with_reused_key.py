"""Two samplers in a compiled function, one key."""

import jax
import jax.numpy as jnp


@jax.jit
def pick(key, p):
    first = jax.random.choice(key, 10, (3,), replace=False)
    second = jax.random.choice(key, 10, (3,), p=p)  # -> KS101
    return first, second


print(pick(jax.random.key(0), jnp.ones(10) / 10))
