"""A keep probability above one reaches Dropout as a rate."""

import equinox as eqx
import jax
import jax.numpy as jnp

layer = eqx.nn.Dropout(1.5)
print(layer(jnp.ones(8), key=jax.random.key(0)))  # -> KS603
