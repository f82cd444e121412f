"""The stream is seeded with a constant inside the jitted step."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(nn.Dropout(0.5, deterministic=False)(x))


model, x = Net(), jnp.ones((2, 3))
params = model.init({"params": jax.random.key(0), "dropout": jax.random.key(1)}, x)


@jax.jit
def step(params):
    def loss(p):
        return model.apply(p, x, rngs={"dropout": jax.random.key(7)}).sum()  # -> KS106 KS201

    return jax.tree.map(lambda p, g: p - 0.1 * g, params, jax.grad(loss)(params))


for _ in range(3):
    params = step(params)
