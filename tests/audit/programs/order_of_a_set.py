"""Names of a set get their keys in an order that differs from process to process."""

import jax

SHAPES = {"kernel": (3, 2), "bias": (2,), "scale": ()}


def trainable(frozen):
    return set(SHAPES) - frozen


def initial(key):
    names = trainable({"scale"})
    keys = jax.random.split(key, len(names))
    return {name: jax.random.normal(k, SHAPES[name]) for name, k in zip(names, keys)}  # -> KS502


print(initial(jax.random.key(0)).keys())
