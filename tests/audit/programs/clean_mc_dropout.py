"""Dropout draws at prediction, on purpose: its spread is the uncertainty."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(nn.Dropout(0.5, deterministic=False)(nn.Dense(8)(x)))


model, x = Net(), jnp.ones((2, 3))
variables = model.init({"params": jax.random.key(0), "dropout": jax.random.key(1)}, x)


@jax.jit
def step(variables, key):
    grad = jax.grad(lambda v: model.apply(v, x, rngs={"dropout": key}).sum())(variables)
    return jax.tree.map(lambda v, g: v - 0.1 * g, variables, grad)


def predict_mc(variables, key, samples=4):
    keys = jax.random.split(key, samples)
    return jnp.stack([model.apply(variables, x, rngs={"dropout": k}) for k in keys]).std(0)


key = jax.random.key(2)
for _ in range(2):
    key, sub = jax.random.split(key)
    variables = step(variables, sub)
print(predict_mc(variables, key).shape)
