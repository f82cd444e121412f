"""Nobody says whether dropout draws."""

import flax.linen as nn
import jax
import jax.numpy as jnp

layer = nn.Dropout(0.5)
print(layer.apply({}, jnp.ones(8), rngs={"dropout": jax.random.key(0)}))  # -> KS604
