"""Equal draws that comments say are wanted, a fixed evaluation seed, a model that a saved one overwrites."""

import jax
import jax.numpy as jnp
from flax import nnx


def episode(theta, key):
    return jnp.sum(theta * jax.random.normal(key, (3,)))


def pair(theta, key):
    up = episode(theta + 0.1, key)
    # antithetic: both members start from the same state
    down = episode(theta - 0.1, key)
    return up - down


def evaluate(theta):
    return episode(theta, jax.random.key(77))


def build():
    return nnx.Linear(3, 2, rngs=nnx.Rngs(5))


theta, key = jnp.ones(3), jax.random.key(0)
for _ in range(3):
    key, sub = jax.random.split(key)
    theta = theta + 0.1 * pair(theta, sub)
    print(evaluate(theta))

model = build()
saved = jax.tree.map(jnp.copy, nnx.state(model))
model = build()
nnx.update(model, saved)
print(model(theta))
