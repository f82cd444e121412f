"""Loops that go on from a restored step."""

import jax
import numpy as np


def resumed(path, until):
    key = jax.random.key(0)  # KS202
    start = 0
    if path.exists():
        start = int(np.load(path)["step"])
    total = 0.0
    for _step in range(start, until):
        key, sub = jax.random.split(key)
        total += jax.random.normal(sub)
    return total


# Near misses.


def folded(path, until):
    key = jax.random.key(0)
    start = int(np.load(path)["step"]) if path.exists() else 0
    total = 0.0
    for step in range(start, until):
        total += jax.random.normal(jax.random.fold_in(key, step))
    return total


def key_saved_too(path, until):
    saved = np.load(path)
    key = jax.random.wrap_key_data(saved["key"])
    total = 0.0
    for _step in range(int(saved["step"]), until):
        key, sub = jax.random.split(key)
        total += jax.random.normal(sub)
    return total
