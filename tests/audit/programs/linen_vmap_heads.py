"""Heads of an ensemble that all begin with the same weights."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Heads(nn.Module):
    @nn.compact
    def __call__(self, x):
        heads = nn.vmap(
            nn.Dense,
            variable_axes={"params": 0},
            split_rngs={"params": False},
            in_axes=None,
            axis_size=4,
        )
        return heads(3)(x)  # -> KS305


print(Heads().init_with_output(jax.random.key(0), jnp.ones((2, 5)))[0].shape)
