"""Which elements are kept: one hash of each element's index, compared with a limit.

The bits are those of ``jax.random.bernoulli(key, keep, shape)``. It makes a uniform number of the top
23 (with x64: 52) bits of a word, k * 2**-23, and keeps where that is less than `keep`; so does
``word <= ceil(keep * 2**23) * 2**9 - 1`` without making any number. Where JAX draws in another manner
(other key implementations, ``jax_threefry_partitionable=False``), and where a size is symbolic, it is
asked itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from keystream import _lax_words
from keystream._counter import LAYOUT
from keystream._draws.window import Window
from keystream._internals import outlined
from keystream._roots import DEFAULT_IMPL
from keystream._words import WORD

_ALL = WORD - 1


@dataclass(frozen=True)
class Mask:
    """The draw of a mask, but for its operands.

    Args:
        window: which elements.
        impl: the key implementation.
        double: whether 52 bits decide, not 23.
        hashed: whether our own hash has JAX's bits.
    """

    window: Window
    impl: str
    double: bool
    hashed: bool

    def limit(self, keep: float | jax.Array) -> Any:
        """`keep` as the draw compares with it: an operand, so that rates share a program."""
        if not self.hashed:
            return jnp.asarray(keep, jnp.float64 if self.double else jnp.float32)
        if isinstance(keep, jax.Array):
            return _traced_limit(keep, self.double)
        return _static_limit(keep, self.double)

    def __call__(self, words: jax.Array, limit: Any, offset: Any) -> jax.Array:
        """Draw the mask: one named call.

        Args:
            words: of the key, uint32[W].
            limit: what `limit` made of the keep probability.
            offset: of the window, uint32[ndim].

        Returns:
            Whether each element is kept, bool of the window's shape.
        """
        return _named(self)(words, limit, offset)


def mask_of(window: Window, impl: str, keep: float | jax.Array) -> Mask:
    """The mask that ``jax.random.bernoulli`` draws of a `keep` as things are set now."""
    dtype = keep.dtype if isinstance(keep, jax.Array) else jnp.result_type(float)
    return Mask(window, impl, dtype == jnp.float64, window.known and draws_as_we_do(impl))


def draws_as_we_do(impl: str) -> bool:
    """Whether JAX, as it is set now, draws an element from the block at its index, as we do."""
    config: Any = jax.config
    return impl == DEFAULT_IMPL and config.jax_threefry_partitionable


def _static_limit(keep: float, double: bool) -> np.ndarray:
    """The greatest word that is kept; `keep` is above 0."""
    if double:
        return np.array(divmod(math.ceil(keep * 2.0**52) * 2**12 - 1, WORD), np.uint32)
    return np.array([math.ceil(float(np.float32(keep)) * 2.0**23) * 2**9 - 1], np.uint32)


def _traced_limit(keep: jax.Array, double: bool) -> jax.Array:
    """The same of a traced `keep`. NaN keeps everything, so that it shows in the output.

    A `keep` of 0 has no such word: `kept` drops all then.
    """
    bits, unsigned = (52, jnp.uint64) if double else (23, jnp.uint32)
    width = 64 if double else 32
    steps = jnp.where(jnp.isnan(keep), 1.0, jnp.clip(keep, 0.0, 1.0)) * 2.0**bits
    limit = (jnp.ceil(steps).astype(unsigned) << np.array(width - bits, unsigned)) - 1
    if not double:
        return limit[None]
    return jnp.stack([limit >> 32, limit & np.array(_ALL, unsigned)]).astype(jnp.uint32)


@lru_cache(maxsize=4096)
def _named(mask: Mask) -> Callable[..., jax.Array]:
    hashed = partial(_hash, mask.window, mask.double)
    draw = outlined(hashed) if mask.hashed else partial(_ask_jax, mask)

    def named(words: jax.Array, limit: Any, offset: Any) -> jax.Array:
        return draw(words, limit, offset)

    named.__name__ = named.__qualname__ = f"ks.mask.v{LAYOUT}"
    return jax.jit(named, inline=False)


def _hash(window: Window, double: bool, words: Any, limit: Any, offset: Any) -> jax.Array:
    high, low = _lax_words.block((words[0], words[1]), window.counters(offset))
    if not double:
        return (high ^ low) <= limit[0]
    return (high < limit[0]) | ((high == limit[0]) & (low <= limit[1]))


def _ask_jax(mask: Mask, words: Any, keep: Any, offset: Any) -> jax.Array:
    """JAX's own mask of the whole, and of it the part."""
    key = jax.random.wrap_key_data(words, impl=mask.impl)
    whole = jax.random.bernoulli(key, keep, mask.window.global_shape)
    return mask.window.cut(whole, offset)
