"""NNX streams with one seed."""

from flax import nnx

twins = nnx.Rngs(params=0, dropout=0)  # KS403
named = nnx.Rngs(params=0, dropout=1)
one = nnx.Rngs(0)
