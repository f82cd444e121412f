"""A module passes its own key to each of its functional dropouts."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        key = self.make_rng("dropout")
        for _ in range(2):
            x = nn.Dense(4)(x)
            x = jnp.where(jax.random.bernoulli(key, 0.5, x.shape), x, 0.0)  # -> KS201
        return x


model, x = Net(), jnp.ones((2, 4))
variables = model.init({"params": jax.random.key(0), "dropout": jax.random.key(1)}, x)
print(jax.jit(model.apply)(variables, x, rngs={"dropout": jax.random.key(2)}).sum())
