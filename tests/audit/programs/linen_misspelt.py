"""`droput` is given, and `params` serves the masks."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Dropout(0.5, deterministic=False)(nn.Dense(8)(x))  # -> KS407
        return nn.Dense(1)(x)


model, x = Net(), jnp.ones((2, 3))
params = model.init(jax.random.key(0), x)
key = jax.random.key(1)
for _ in range(2):
    key, a, b = jax.random.split(key, 3)
    y = model.apply(params, x, rngs={"params": a, "droput": b})
print(y.sum())
