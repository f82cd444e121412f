"""One mask for all time steps, declared: the parameters are shared over time as well."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Cell(nn.Module):
    @nn.compact
    def __call__(self, h, x):
        h = nn.Dropout(0.5, deterministic=False)(h)
        h = nn.tanh(nn.Dense(4)(h) + nn.Dense(4)(x))
        return h, h


scan = nn.scan(Cell, variable_broadcast="params", split_rngs={"params": False, "dropout": False})
model, x = scan(), jnp.ones((6, 2, 3))
rngs = {"params": jax.random.key(0), "dropout": jax.random.key(1)}
variables = model.init(rngs, jnp.zeros((2, 4)), x)
key = jax.random.key(2)
for _ in range(2):
    key, sub = jax.random.split(key)
    model.apply(variables, jnp.zeros((2, 4)), x, rngs={"dropout": sub})
