"""Flax NNX: what `keystream.nnx` is made of."""
