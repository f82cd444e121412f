"""A state keeps its key for ever, and another line makes a key of the same seed once an epoch."""

import jax
import jax.numpy as jnp


def init(key):
    return jax.random.normal(key, (3,))


@jax.jit
def step(key, weights):
    return weights + 0.1 * jax.random.normal(key, weights.shape)


key = jax.random.key(42)
weights = init(key)
for epoch in range(3):
    order = jax.random.permutation(jax.random.key(42), 4)  # -> KS106
    for _ in order.tolist():
        weights = step(key, weights)  # -> KS201 KS101
print(weights)
