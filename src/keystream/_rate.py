"""Rates: probabilities of dropping, checked where they are known."""

from __future__ import annotations

import reprlib
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer

from keystream.errors import KeystreamError, RateOutOfRangeError, ValueOutOfRangeError


def is_key(value: Any) -> bool:
    """Whether a value is a key or several: typed, or the two words of a legacy one."""
    if not isinstance(value, jax.Array):
        return False
    typed = jnp.issubdtype(value.dtype, jax.dtypes.prng_key)
    return typed or (value.shape == (2,) and value.dtype == jnp.uint32)


def refuse_key(
    value: Any, says: str, fix: str, call: str, error: type[KeystreamError] = ValueOutOfRangeError
) -> None:
    """Refuse a key that stands where something else belongs.

    Args:
        value: what is given.
        says: what it is given as, and where it belongs.
        fix: the call as it should read.
        call: the call to name.
        error: that is raised for a key.
    """
    if is_key(value):
        why = "draws take their key first, as in jax.random"
        raise error(says, where=call, why=why, fix=fix)


def read_rate(rate: Any, call: str) -> float | jax.Array:
    """A rate as a Python float in [0, 1], or as the JAX scalar that it is.

    Args:
        rate: a Python or NumPy number; or a JAX scalar, traced or not, whose value is not looked at.
        call: the call to name in an error.

    Raises:
        RateOutOfRangeError: KS004, not a number in [0, 1], or an array that is no scalar.
    """
    says = "rate is a key: the first argument is the key, the rate comes after the array"
    refuse_key(rate, says, f"{call}(key, x, 0.1)", call, RateOutOfRangeError)
    if isinstance(rate, jax.Array):
        if rate.ndim == 0 and jnp.issubdtype(rate.dtype, jnp.floating):
            return rate
        raise _out_of_range(f"an array of shape {rate.shape} and dtype {rate.dtype}", call)
    try:
        number = float(rate)
        if isinstance(rate, str) or not 0.0 <= number <= 1.0:
            raise ValueError(rate)
    except (TypeError, ValueError, OverflowError) as error:
        raise _out_of_range(reprlib.repr(rate), call) from error
    return number


def known_to_be(strength: Any, value: float) -> bool:
    """Whether a rate or scale is this number; of a traced one, such as a schedule's, nobody knows."""
    return not isinstance(strength, Tracer) and bool(strength == value)


def _out_of_range(shown: str, call: str) -> RateOutOfRangeError:
    return RateOutOfRangeError(
        f"rate is {shown}, but must be a number in [0, 1]",
        where=call,
        why="it is the probability of dropping a value; Flax and Equinox compute with any number",
        fix="pass a fraction, such as 0.1 to drop one value in ten",
    )
