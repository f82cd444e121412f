"""Two streams of an `Rngs` with one seed."""

import jax
from flax import nnx

rngs = nnx.Rngs(noise=1, mask=1)
a = jax.random.normal(rngs.noise(), (4,))
b = jax.random.normal(rngs.mask(), (4,))  # -> KS403
print(a, b)
