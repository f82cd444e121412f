"""One key through the compiled and the plain function, to compare them."""

import jax
import numpy as np


def f(key):
    return jax.random.normal(key, (3,)).sum()


key = jax.random.key(0)
np.testing.assert_allclose(f(key), jax.jit(f)(key), rtol=1e-6)
