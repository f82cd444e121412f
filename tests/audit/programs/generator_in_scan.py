"""A NumPy generator inside a scanned body draws once, for all steps."""

import jax
import jax.numpy as jnp
import numpy as np

rng = np.random.default_rng(0)


def body(x, _):
    return x + rng.normal(size=3), None  # -> KS501


print(jax.lax.scan(body, jnp.zeros(3), None, length=4)[0])
