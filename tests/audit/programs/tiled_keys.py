"""Every environment gets a copy of one key."""

import jax
import jax.numpy as jnp


@jax.jit
@jax.vmap
def reset(key):
    return jax.random.uniform(key, (2,))  # -> KS303


keys = jnp.tile(jax.random.PRNGKey(0)[None], (8, 1))
print(reset(keys))
