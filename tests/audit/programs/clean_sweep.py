"""One experiment under several settings, with one seed for all: they are to differ in nothing else."""

import jax
import jax.numpy as jnp


@jax.jit
def step(w, rate, key):
    return w - rate * jax.random.normal(key, w.shape)


def experiment(rate):
    key, w = jax.random.key(0), jnp.zeros(3)
    for _ in range(4):
        key, sub = jax.random.split(key)
        w = step(w, rate, sub)
    return float(w.sum())


for rate in (0.1, 0.01, 0.001):
    print(rate, experiment(rate))
