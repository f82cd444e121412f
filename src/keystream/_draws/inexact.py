"""The arrays that draws scale or add to."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from keystream._rate import refuse_key
from keystream.errors import ValueOutOfRangeError


def read_inexact(x: Any, call: str) -> jax.Array:
    """`x` as a JAX array of floating-point or complex numbers (KS002 where it holds others)."""
    try:
        array = jnp.asarray(x)
        if jnp.issubdtype(array.dtype, jnp.inexact):
            return array
        says = "x is a key: the first argument is the key, the second the array"
        refuse_key(array, says, f"{call}(key, x, ...)", call)
        what = f"x holds {array.dtype} values"
    except ValueOutOfRangeError:
        raise
    except (TypeError, ValueError):
        what = f"x is of type {type(x).__name__}"
    raise ValueOutOfRangeError(
        f"{what}, but must hold floating-point or complex numbers",
        where=call,
        why="the result is scaled by a fraction, which such values can't hold",
        fix="convert it: x.astype('float32')",
    )
