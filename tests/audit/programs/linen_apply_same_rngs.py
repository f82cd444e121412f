"""The dictionary of streams is made once, before the loop."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(nn.Dropout(0.5, deterministic=False)(nn.Dense(8)(x)))


model, x = Net(), jnp.ones((2, 3))
rngs = {"dropout": jax.random.key(1)}
params = model.init({"params": jax.random.key(0), **rngs}, x)


@jax.jit
def step(params, rngs):
    grad = jax.grad(lambda p: model.apply(p, x, rngs=rngs).sum())(params)
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, grad)


for _ in range(3):
    params = step(params, rngs)  # -> KS201
