"""The dropout exercise: its seeds are arguments, and it is run with and without dropout."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Model(nn.Module):
    @nn.compact
    def __call__(self, x, deterministic):
        x = nn.Dropout(0.5)(nn.Dense(4)(x), deterministic=deterministic)
        return nn.Dense(1)(x)


def run(x, params_seed, dropout_seed, deterministic):
    rngs = {"params": jax.random.key(params_seed), "dropout": jax.random.key(dropout_seed)}
    variables = Model().init(rngs, x, deterministic=False)
    return Model().apply(
        variables, x, deterministic, rngs={"dropout": jax.random.key(dropout_seed)}
    )


x = jnp.ones((1, 4))
print(run(x, 0, 1, False), run(x, 0, 1, True))
print(run(x, 0, 1, True))
