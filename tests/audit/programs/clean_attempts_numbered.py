"""The best of several attempts, each with its number in its key; and temperatures under one key."""

import jax
import jax.numpy as jnp


def attempt(number, key, problem):
    x = jax.random.normal(jax.random.fold_in(key, number), problem.shape)
    return x, float(((x - problem) ** 2).sum())


def warmed(temperature, key):
    return float((temperature * jax.random.normal(key, (3,))).sum())


key, other = jax.random.split(jax.random.key(4))
results = [attempt(number, key, jnp.ones(3)) for number in range(5)]
print(min(results, key=lambda result: result[1]))
print(max([warmed(temperature, other) for temperature in (0.5, 1.0, 2.0)]))
