"""The block for JAX's arrays: its operators as primitives of ``lax``, so that it is traced soon.

An operator of a JAX array is a function of ``jax.numpy``, which promotes, broadcasts and calls a jitted
function before it comes to the one primitive that is meant. A block has 140 of them, and is traced for
every shape that is drawn. Written with ``lax`` the same program takes half the time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import lax

from keystream import _threefry
from keystream._words import Pair


class LaxWord:
    """A uint32 array of JAX, traced or not, with the operators that the block needs.

    Args:
        array: of JAX, of NumPy, or a Python integer in [0, 2**32), which is a scalar.
    """

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array: Any = np.uint32(array) if isinstance(array, int) else array

    def __add__(self, other: Any) -> LaxWord:
        return LaxWord(lax.add(self.array, _array(other)))

    def __xor__(self, other: Any) -> LaxWord:
        return LaxWord(lax.bitwise_xor(self.array, _array(other)))

    def __or__(self, other: Any) -> LaxWord:
        return LaxWord(lax.bitwise_or(self.array, _array(other)))

    def __lshift__(self, other: Any) -> LaxWord:
        return LaxWord(lax.shift_left(self.array, _array(other)))

    def __rshift__(self, other: Any) -> LaxWord:
        return LaxWord(lax.shift_right_logical(self.array, _array(other)))


def _array(word: Any) -> Any:
    if isinstance(word, LaxWord):
        return word.array
    return np.uint32(word) if isinstance(word, int) else word


def block(key: Pair, counter: Pair) -> Pair:
    """`_threefry.block` of JAX's arrays.

    Args:
        key: two uint32 words.
        counter: two uint32 words (high, low); they, and the key's, have one shape or none.

    Returns:
        Two uint32 words of that shape.
    """
    words = ((LaxWord(first), LaxWord(second)) for first, second in (key, counter))
    x0, x1 = _threefry.block(*words)
    return x0.array, x1.array
