"""Reading a key back to its name: the block inverted under each root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from keystream import _threefry
from keystream._counter import Radix, split_counter
from keystream._declaration import Declaration
from keystream._derive import check_one
from keystream._names import as_integer
from keystream._roots import DEFAULT_IMPL
from keystream.errors import UnsupportedKeyError, ValueOutOfRangeError

_KEY_SPACE = 2**64


@dataclass(frozen=True)
class Identity:
    """The name of a key.

    Args:
        stream: the stream, after its namespaces (``teacher/dropout``).
        step: the step, or None for a key for ``init``.
        coordinates: the value of each declared coordinate.
        chance: the probability that a key from elsewhere matches some name, in [0, 1].
    """

    stream: str
    step: int | None
    coordinates: dict[str, int]
    chance: float

    def __str__(self) -> str:
        when = "init" if self.step is None else f"step {self.step}"
        parts = [
            self.stream,
            when,
            *(f"{name} {value}" for name, value in self.coordinates.items()),
        ]
        return f"{', '.join(parts)} (a foreign key matches with chance {self.chance:.0e})"


def identify(
    declaration: Declaration, roots: np.ndarray, key: Any, max_step: int | None
) -> Identity | None:
    """The name of a key under the roots uint32[R, 2], or None."""
    if declaration.impl != DEFAULT_IMPL:
        raise UnsupportedKeyError(
            f"keys of implementation {declaration.impl!r} can't be read back to a name",
            where="Streams.identify",
            why="they are derived by a chain of fold_in, which has no inverse here",
            fix=f"declare the streams with impl={DEFAULT_IMPL!r}",
        )
    check_one(roots)
    words = _key_words(key)
    bound = _step_bound(declaration.radix, max_step)
    chance = _chance(declaration, len(roots), bound)
    for row, root in enumerate(roots):
        if declaration.own_roots and not declaration.path and np.array_equal(root, words):
            zeros = dict.fromkeys(declaration.sizes, 0)
            return Identity(declaration.names[row], None, zeros, chance)
        found = _under(declaration, row, _counter_of(root, words))
        if found is None:
            continue
        place, step, coordinates = found
        if step == declaration.radix.init_step:
            return Identity(
                declaration.qualified(declaration.names[place]), None, coordinates, chance
            )
        if step < bound:
            return Identity(
                declaration.qualified(declaration.names[place]), step, coordinates, chance
            )
    return None


def _counter_of(root: np.ndarray, words: np.ndarray) -> tuple[int, int]:
    # Arrays of one element, not scalars: NumPy warns when a scalar wraps.
    pair = [(pair[:1], pair[1:]) for pair in (root, words)]
    high, low = _threefry.inverse(*pair)
    return int(high[0]), int(low[0])


def _under(
    declaration: Declaration, row: int, words: tuple[int, int]
) -> tuple[int, int, dict[str, int]] | None:
    """Place, step and coordinates of a counter, where it is one of this root's names."""
    identifier, position = split_counter(*words)
    if identifier not in declaration.ids:
        return None
    place = declaration.ids.index(identifier)
    if declaration.own_roots and place != row:
        return None
    unpacked = declaration.radix.unpack(position)
    return None if unpacked is None else (place, *unpacked)


def _step_bound(radix: Radix, max_step: int | None) -> int:
    if max_step is None:
        return radix.init_step
    why = "it bounds the steps that the run can have reached"
    last = as_integer(max_step, "max_step", "Streams.identify", why)
    if last < 0:
        raise ValueOutOfRangeError(
            f"max_step {last} is below 0",
            where="Streams.identify",
            why=why,
            fix="pass the last step, or leave max_step out",
        )
    return min(radix.init_step, last + 1)


def _chance(declaration: Declaration, roots: int, bound: int) -> float:
    positions = (bound + 1) * (declaration.radix.positions // declaration.radix.steps)
    handed_out = roots if declaration.own_roots else 0
    return (len(declaration.names) * positions + handed_out) / _KEY_SPACE


def _key_words(key: Any) -> np.ndarray:
    if isinstance(key, Tracer):
        raise _unsupported("a traced key", "its value is not known while a function is traced")
    if isinstance(key, jax.Array) and jax.dtypes.issubdtype(key.dtype, jax.dtypes.prng_key):
        if str(jax.random.key_impl(key)) != DEFAULT_IMPL:
            raise _unsupported(
                f"a key of implementation {jax.random.key_impl(key)}",
                f"these streams' keys are {DEFAULT_IMPL}",
            )
        key = jax.random.key_data(key)
    if not isinstance(key, jax.Array | np.ndarray):
        raise _unsupported(f"{type(key).__name__} {key!r:.60}", "a key is an array")
    words = np.asarray(key)
    if words.shape != (2,) or words.dtype != np.uint32:
        raise _unsupported(
            f"a key of shape {words.shape} and dtype {words.dtype}", "a key is two uint32 words"
        )
    return words


def _unsupported(what: str, why: str) -> UnsupportedKeyError:
    return UnsupportedKeyError(
        f"{what} can't be read back to a name",
        where="Streams.identify",
        why=why,
        fix="pass one concrete key: a typed scalar, or uint32[2]; loop over an array of keys",
    )
