"""64-bit arithmetic on pairs of 32-bit words (high, low), modulo 2**64.

JAX has no 64-bit integers without ``jax_enable_x64``, and the bits of a draw must not depend on it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

# A word is a uint32 scalar or array of NumPy or JAX.
Pair = tuple[Any, Any]

WORD: Final = 2**32


def add(left: Pair, right: Pair) -> Pair:
    """The sum of two pairs."""
    low = left[1] + right[1]
    carry = (low < left[1]).astype(np.uint32)
    return left[0] + right[0] + carry, low


def multiply(word: Any, factor: int) -> Pair:
    """A uint32 times a constant in [0, 2**64), by 16-bit halves."""
    factor_high, factor_low = divmod(factor, WORD)
    bottom, top = word & 0xFFFF, word >> 16
    low_bottom, low_top = np.uint32(factor_low & 0xFFFF), np.uint32(factor_low >> 16)
    product = add(
        (top * low_top, bottom * low_bottom),
        add(_shift16(bottom * low_top), _shift16(top * low_bottom)),
    )
    return product[0] + word * np.uint32(factor_high), product[1]


def _shift16(word: Any) -> Pair:
    return word >> 16, word << 16
