"""The scan is given one key over and over, as its inputs."""

import jax
import jax.numpy as jnp


@jax.jit
def run(key):
    keys = jnp.broadcast_to(key, (5,))
    return jax.lax.scan(lambda x, k: (x + jax.random.normal(k), None), 0.0, keys)[0]  # -> KS203


print(run(jax.random.key(0)))
