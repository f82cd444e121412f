"""The same seed twice, compared: a test, not a mistake."""

import jax
import numpy as np


def simulate(seed):
    key = jax.random.key(seed)
    out = []
    for _ in range(3):
        key, sub = jax.random.split(key)
        out.append(jax.random.normal(sub, (2,)))
    return np.stack(out)


first = simulate(0)
second = simulate(0)
assert np.array_equal(first, second)
