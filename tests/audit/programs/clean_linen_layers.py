"""Scanned layers whose streams are split."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Block(nn.Module):
    @nn.compact
    def __call__(self, x, _):
        return x + nn.Dropout(0.5, deterministic=False)(nn.Dense(4)(x)), None


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        layers = nn.scan(
            nn.remat(Block),
            variable_axes={"params": 0},
            split_rngs={"params": True, "dropout": True},
            length=3,
        )
        return layers()(x, None)[0]


model, x = Net(), jnp.ones((2, 4))
variables = model.init({"params": jax.random.key(0), "dropout": jax.random.key(1)}, x)


@jax.jit
def step(variables, key):
    return jax.grad(lambda v: model.apply(v, x, rngs={"dropout": key}).sum())(variables)


key = jax.random.key(2)
for _ in range(3):
    key, sub = jax.random.split(key)
    step(variables, sub)
