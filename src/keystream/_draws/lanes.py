"""Which elements are kept, from one hash for eight elements: the reduced-bit mode, layout 1.

Eight consecutive elements of the last axis are the lanes 0 to 7 of a block. Of the 64 hashed bits
``(x0, x1)`` of a block, lane i has a word of its own, and is kept where that does not exceed
``ceil(keep * 2**32) - 1``::

    u   = x0 ^ rotate(x1, 28)
    g   = u ^ rotate(u, 15) ^ (u >> 2)
    W_i = rotate(x_{i // 4}, 8 * (i % 4)) ^ (rotate(g, (4 + 25 * i) % 32) & 0x00FFFFFF)

The top byte of ``W_i`` is the lane's byte of the block; the 24 bits below decide only where that byte
is the limit's own, once in 256. All is linear over GF(2), so what follows is a matter of ranks, which
the tests compute:

- each ``W_i`` has rank 32, so it is uniform, and the probability is exact to 2**-32 at every rate (to
  2**-24 of a traced rate, whose ``1 - rate`` is rounded to float32);
- the eight top bytes together have rank 64: they are jointly independent;
- the top 24 bits of any two words together have rank 48: any two elements are independent, but for
  decisions that need the 25th bit of one, 2**-24 in probability;
- compare the words with their limits bit by bit from the top, stopping where one is decided: the
  decisions are independent until a bit depends on those that were looked at. Whatever the rates, that
  has a probability of at most 2.7e-6 (all ways to stop within 50 bits were enumerated, 2.54e-6; more
  than 50 are needed with 1e-7): so far, in total variation, can all eight be from independent.

Blocks are numbered along the rows of the *global* array, each row beginning a block of its own, so a
draw never crosses a row. Block b hashes the counter ``2**63 + b``: no counter of an exact draw has that
bit, nor has one of JAX's children of the key.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import NamedSharding, PartitionSpec

from keystream import _lax_words
from keystream._counter import LAYOUT
from keystream._draws.window import Window
from keystream._internals import outlined
from keystream._words import WORD, Pair
from keystream.errors import ValueOutOfRangeError

LANES: Final = 8
TAG: Final = 1 << 31  # in the high word of the counter
_ALL = np.uint32(WORD - 1)


def lane_word(block: Pair, lane: Any) -> Any:
    """The word of a lane, by operators that run in a Pallas kernel too.

    Args:
        block: the two hashed words of each block, uint32.
        lane: 0 to 7, uint32, broadcast against them.

    Returns:
        ``W_lane``, uint32 of the broadcast shape.
    """
    x0, x1 = block
    u = x0 ^ _rotate(x1, 28)
    g = u ^ _rotate(u, 15) ^ (u >> 2)
    own = jnp.where(lane < 4, x0, x1)
    return _turn(own, (lane & 3) * 8) ^ (_turn(g, (lane * 25 + 4) & 31) & 0x00FFFFFF)


def _rotate(word: Any, distance: int) -> Any:
    return (word << distance) | (word >> (32 - distance))


def _turn(word: Any, distance: Any) -> Any:
    """A rotation by an array of distances, 0 among them: shifts by 32 are undefined on GPUs."""
    return (word << distance) | (word >> ((32 - distance) & 31))


@dataclass(frozen=True)
class Lanes:
    """The draw of a reduced-bit mask, but for its operands.

    Args:
        window: which elements.
        impl: the key implementation.
        aligned: whether the window begins where a block does.
    """

    window: Window
    impl: str
    aligned: bool

    def limit(self, keep: float | jax.Array) -> Any:
        """`keep` as the draw compares with it, uint32[2]: the greatest word kept; 1, or 0 for none."""
        if not isinstance(keep, jax.Array):
            steps = math.ceil(keep * 2.0**32)
            return np.array([steps - 1, 1] if steps else [0, 0], np.uint32)
        steps = jnp.ceil(jnp.where(jnp.isnan(keep), 1.0, keep) * 2.0**32)  # NaN keeps all: it shows
        some, every = steps > 0, steps >= 2.0**32
        inside = jnp.where(some & ~every, steps, 1).astype(jnp.uint32) - 1
        return jnp.stack([jnp.where(every, _ALL, inside), some.astype(jnp.uint32)])

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

    @property
    def blocks(self) -> Window:
        """The blocks that the window lies in, as a part of those of the global array."""
        *rows, size = self.window.shape or (1,)
        *whole_rows, whole = self.window.global_shape or (1,)
        count = _blocks(size if self.aligned else size + LANES - 1)
        return Window(
            (*rows, count),
            (*whole_rows, _blocks(whole)),
            moved=self.window.moved and bool(self.window.shape),
            sharding=_of_blocks(self.window.sharding, size, count),
        )


def read_lane_bits(lane_bits: int | None, call: str) -> bool:
    """Whether a draw is reduced: `lane_bits` is 8, not None (KS002 where it is neither)."""
    if lane_bits is None or lane_bits == LANES:
        return lane_bits is not None
    raise ValueOutOfRangeError(
        f"lane_bits is {lane_bits!r:.60}, but must be 8 or None",
        where=call,
        why="a hash of 64 bits serves eight elements or one",
        fix="pass lane_bits=8, or leave it out for the mask of Flax",
    )


def lanes_of(window: Window, impl: str, offset: Any) -> Lanes:
    """The reduced-bit mask of a window and its offset, which may be traced."""
    whole = window.shape[-1:] == window.global_shape[-1:]  # then the part begins at 0
    known = isinstance(offset, np.ndarray) and not any(offset[-1:] % LANES)
    return Lanes(window, impl, whole or not window.moved or known)


def rescaled(x: jax.Array, keep: float | jax.Array) -> jax.Array:
    """``x / keep``, as a product with ``1 / keep`` in float32 at least, rounded once.

    In the type of `x` the factor would be rounded too: of 0.9 in bfloat16 that is 0.17 % too much.
    No gradient flows to `keep`. Where nothing is kept, `x`.
    """
    factor = factor_of(keep, x.dtype)
    return (x.astype(factor.dtype) * factor).astype(x.dtype)


def factor_of(keep: float | jax.Array, dtype: Any) -> Any:
    """``1 / keep``, a scalar of the type that arrays of a type are scaled in."""
    narrow = jnp.issubdtype(dtype, jnp.floating) and jnp.finfo(dtype).bits < 32
    wide = np.dtype(np.float32) if narrow else dtype
    if isinstance(keep, jax.Array):
        return (1 / jnp.where(keep <= 0, 1, keep)).astype(wide)
    return np.asarray(1.0 / keep).astype(wide)


def _blocks(size: int) -> int:
    return -(-size // LANES)


def _of_blocks(sharding: NamedSharding | None, size: int, count: int) -> NamedSharding | None:
    """The sharding of a window for its blocks: of the last axis only where shards are whole blocks."""
    if sharding is None:
        return None
    *rows, last = sharding.spec
    names = last if isinstance(last, tuple) else (last,) if last else ()
    shards = math.prod(sharding.mesh.shape[name] for name in names)
    fits = size % LANES == 0 and count % shards == 0
    return NamedSharding(sharding.mesh, PartitionSpec(*rows, last if fits else None))


@lru_cache(maxsize=4096)
def _named(lanes: Lanes) -> Callable[..., jax.Array]:
    hashed = lanes.impl == "threefry2x32"
    blocks = outlined(partial(_hash, lanes.blocks)) if hashed else partial(_ask_jax, lanes)

    def named(words: jax.Array, limit: Any, offset: Any) -> jax.Array:
        start = jnp.asarray(offset)
        if lanes.blocks.moved:
            start = jnp.concatenate([start[:-1], start[-1:] // LANES])
        high, low = blocks(words, start)
        return _cut(lanes, _keeps((high, low), limit), offset)

    named.__name__ = named.__qualname__ = f"ks.mask8.v{LAYOUT}"
    return jax.jit(named, inline=False)


def _hash(blocks: Window, words: Any, start: Any) -> Pair:
    high, low = blocks.counters(start)
    return _lax_words.block((words[0], words[1]), (high | np.uint32(TAG), low))


def _ask_jax(lanes: Lanes, words: Any, start: Any) -> Pair:
    """For other keys a block is two words of ``jax.random.bits(key, blocks + (2,), uint32)``."""
    blocks, key = lanes.blocks, jax.random.wrap_key_data(words, impl=lanes.impl)
    whole = jax.random.bits(key, (*blocks.global_shape, 2), np.uint32)
    # A part that begins within a block may reach one block further than its row.
    padding = [(0, 0)] * (whole.ndim - 2)
    whole = jnp.pad(whole, [*padding, (0, 0 if lanes.aligned else 1), (0, 0)])
    return blocks.cut(whole[..., 0], start), blocks.cut(whole[..., 1], start)


def _keeps(block: Pair, limit: Any) -> jax.Array:
    """Whether each lane of each block is kept, bool[..., blocks, 8]."""
    high, low = (word[..., None] for word in block)
    lane = lax.iota(np.uint32, LANES).reshape((1,) * (high.ndim - 1) + (LANES,))
    return (lane_word((high, low), lane) <= limit[0]) & (limit[1] > 0)


def _cut(lanes: Lanes, kept: jax.Array, offset: Any) -> jax.Array:
    """Of the lanes those that are elements of the window."""
    shape, size = lanes.window.shape, (lanes.window.shape or (1,))[-1]
    flat = kept.reshape((*kept.shape[:-2], kept.shape[-2] * LANES))
    if flat.shape[-1] != size:
        if lanes.aligned:
            flat = flat[..., :size]
        else:
            first = jnp.asarray(offset)[-1] % LANES
            flat = lax.dynamic_slice_in_dim(flat, first, size, axis=-1)
    flat = flat.reshape(shape)
    sharding = lanes.window.sharding
    return flat if sharding is None else jax.sharding.reshard(flat, sharding)
