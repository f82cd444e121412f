"""JAX's own numbers for the elements of a window: uniform ones, integers, words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from keystream import _lax_words
from keystream._draws.mask import draws_as_we_do
from keystream._draws.window import Window


@dataclass(frozen=True)
class Elements:
    """The draws of a window.

    Args:
        window: which elements.
        hashed: whether our own hash has JAX's bits; else JAX draws the whole, and we take the part.
    """

    window: Window
    hashed: bool

    def words(self, key: jax.Array, offset: Any) -> jax.Array:
        """What ``jax.random.bits`` draws: uint32 of the window's shape.

        Args:
            key: typed.
            offset: of the window, uint32[ndim].
        """
        if not self.hashed:
            whole = jax.random.bits(key, self.window.global_shape, np.uint32)
            return self.window.cut(whole, offset)
        high, low = self._block(key, offset)
        return high ^ low

    def uniform(self, key: jax.Array, dtype: Any, offset: Any) -> jax.Array:
        """What ``jax.random.uniform`` draws of a floating dtype in [0, 1)."""
        if not self.hashed or dtype not in (jnp.float32, jnp.float64):
            whole = jax.random.uniform(key, self.window.global_shape, dtype)
            return self.window.cut(whole, offset)
        if dtype == jnp.float32:
            pattern = (self.words(key, offset) >> 9) | np.float32(1).view(np.uint32)
        else:
            high, low = (word.astype(jnp.uint64) for word in self._block(key, offset))
            pattern = (((high << 32) | low) >> 12) | np.float64(1).view(np.uint64)
        return lax.bitcast_convert_type(pattern, dtype) - np.ones((), dtype)

    def integers(self, key: jax.Array, below: int, offset: Any) -> jax.Array:
        """What ``jax.random.randint`` draws: int32 in [0, below)."""
        if not self.hashed:
            whole = jax.random.randint(key, self.window.global_shape, 0, below, np.int32)
            return self.window.cut(whole, offset)
        # 64 bits modulo `below`, in words: the high word counts 2**32 modulo `below`.
        high, low = (self.words(half, offset) for half in jax.random.split(key))
        size, wraps = np.uint32(below), np.uint32(2**16 % below)
        wraps = np.uint32(int(wraps) ** 2 % 2**32 % below)
        return ((high % size * wraps + low % size) % size).astype(np.int32)

    def _block(self, key: jax.Array, offset: Any) -> Any:
        words = jax.random.key_data(key)
        return _lax_words.block((words[0], words[1]), self.window.counters(offset))


def elements_of(window: Window, impl: str) -> Elements:
    """The draws of a window as things are set now."""
    return Elements(window, window.known and draws_as_we_do(impl))
