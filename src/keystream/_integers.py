"""Steps and coordinates as the arguments of a derivation."""

from __future__ import annotations

from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from keystream._names import as_integer, check_range
from keystream.errors import ValueOutOfRangeError

_WHY_INTEGER: Final = "JAX would truncate 1.7 to 1 in silence, and two steps would share a key"

_WHY_NUMBER: Final = "a key's name holds integers; what only looks like one is refused, not guessed"


def check_integer(value: Any, what: str, bound: int, call: str) -> Any:
    """A step or coordinate of a derivation: an integer, or JAX's array (KS002 where it is neither)."""
    if type(value) is int:  # first, since it is the common case of a call worth microseconds
        integer = value
    elif isinstance(value, jax.Array):
        return _check_array(value, what, call)
    else:
        fraction = isinstance(value, float | np.floating)
        integer = as_integer(value, what, call, _WHY_INTEGER if fraction else _WHY_NUMBER)
    check_range(integer, what, bound, call)
    return integer


def _check_array(value: jax.Array, what: str, call: str) -> jax.Array:
    if value.ndim:
        raise ValueOutOfRangeError(
            f"{what} is an array of shape {value.shape}, not a scalar",
            where=call,
            why="a key is made of one step and one value of each coordinate",
            fix="map over it: jax.vmap(lambda step: streams.key(name, step))(steps)",
        )
    if not jnp.issubdtype(value.dtype, jnp.integer):
        raise ValueOutOfRangeError(
            f"{what} is of dtype {value.dtype}, not an integer",
            where=call,
            why=_WHY_INTEGER if jnp.issubdtype(value.dtype, jnp.floating) else _WHY_NUMBER,
            fix=f"keep {what} as an integer, or convert it: {what.rpartition(' ')[2]}.astype('uint32')",
        )
    return value
