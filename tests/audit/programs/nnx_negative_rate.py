"""A rate below zero."""

import jax.numpy as jnp
from flax import nnx

drop = nnx.Dropout(-0.1, rngs=nnx.Rngs(0))
print(drop(jnp.ones(8)))  # -> KS603
