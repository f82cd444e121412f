"""Flax NNX: an ``nnx.Rngs`` for a step, fresh keys for the ones a model holds, and layers that draw."""

from keystream._nnx.layers import Dropout, DropPath, GaussianNoise
from keystream._nnx.rngs import init_rngs, reseed, rngs

__all__ = ["DropPath", "Dropout", "GaussianNoise", "init_rngs", "reseed", "rngs"]
