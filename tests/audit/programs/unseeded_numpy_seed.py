"""A seed that NumPy draws from the system's entropy."""

import jax
import numpy as np


def fresh_seed():
    return int(np.random.default_rng().integers(2**31))


key = jax.random.PRNGKey(fresh_seed())  # -> KS502
print(jax.random.normal(key, (2,)).shape)
