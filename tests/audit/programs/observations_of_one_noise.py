"""A simulated state is observed at each step with one key: all observations have the same noise."""

import jax
import jax.numpy as jnp


def move(x, key):
    return 0.9 * x + jax.random.normal(key, x.shape)


def observe(x, key):
    return x[:2] + 0.3 * jax.random.normal(key, (2,))


key, noise = jax.random.split(jax.random.key(0))
x, seen = jnp.zeros(4), []
for t in range(5):
    key, sub = jax.random.split(key)
    x = move(x, sub)
    seen.append(observe(x, noise))  # -> KS201
print(jnp.stack(seen).mean(0))
