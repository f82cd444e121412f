"""The stream is misspelt, and Flax says so."""

import flax.linen as nn
import jax
import jax.numpy as jnp

layer = nn.Dropout(0.5, deterministic=False)
print(layer.apply({}, jnp.ones(8), rngs={"drop_out": jax.random.key(0)}))  # -> KS407
