"""Only `params` is given to `apply`; it serves dropout too."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dropout(0.5, deterministic=False)(nn.Dense(8)(x))  # -> KS401


model, x = Net(), jnp.ones((2, 3))
params = model.init(jax.random.key(0), x)
print(model.apply(params, x, rngs={"params": jax.random.key(1)}).sum())
