"""`init` and the first `apply` share a dropout key; what `init` draws is thrown away."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, deterministic):
        x = nn.Dropout(0.5)(nn.Dense(8)(x), deterministic=deterministic)
        return nn.Dense(1)(x)


rngs = {"params": jax.random.key(0), "dropout": jax.random.key(1)}
model, x = Net(), jnp.ones((2, 3))
variables = model.init(rngs, x, deterministic=False)
print(model.apply(variables, x, deterministic=False, rngs={"dropout": rngs["dropout"]}).sum())
