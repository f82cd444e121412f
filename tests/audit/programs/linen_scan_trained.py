"""Scanned layers share one dropout mask, in training, where JAX takes the mask out of the loop."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Layer(nn.Module):
    @nn.compact
    def __call__(self, x, _):
        return x + nn.Dropout(0.1, deterministic=False)(nn.Dense(4)(x)), None


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        split = {"params": True, "dropout": False}  # -> KS305
        layers = nn.scan(Layer, variable_axes={"params": 0}, split_rngs=split, length=3)
        return layers()(x, None)[0]


model, x = Net(), jnp.ones((2, 4))
params_key, init_key, key = jax.random.split(jax.random.key(0), 3)
params = model.init({"params": params_key, "dropout": init_key}, x)


@jax.jit
def step(params, key):
    def loss(params):
        return model.apply(params, x, rngs={"dropout": key}).sum()

    return jax.tree.map(lambda p, g: p - 0.1 * g, params, jax.grad(loss)(params))


for number in range(2):
    params = step(params, jax.random.fold_in(key, number))
