"""Two helpers are handed one key."""

import jax


def weights(key):
    return jax.random.normal(key, (4, 4))


def data(key):
    return jax.random.uniform(key, (8, 4))


@jax.jit
def build(key):
    return data(key) @ weights(key)  # -> KS101


print(float(build(jax.random.key(0)).sum()))
