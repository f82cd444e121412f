"""Dropout is not given a key."""

import equinox as eqx
import jax.numpy as jnp

layer = eqx.nn.Dropout(0.5)
print(layer(jnp.ones(8)))  # -> KS405
