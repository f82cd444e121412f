"""The dropout exercise: a Linen model with two streams, and a function that runs it.

`DropoutModel` and `run_dropout_model` are the reference solution of ``keystream exercise``, written
with Flax alone, so that a learner sees what names, `init` and `apply` do.
"""

from __future__ import annotations

import math
import reprlib
from typing import TYPE_CHECKING, Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike

from keystream._extras import require
from keystream.errors import BadExerciseInputError, RateOutOfRangeError

if TYPE_CHECKING:
    import flax.linen as nn
else:
    nn = require("flax.linen", purpose="keystream.dropout_model")

__all__ = ["DropoutModel", "run_dropout_model"]

_CALL = "run_dropout_model(0.0, jnp.array([1.0, 2.0, 3.0, 4.0]), 7.0, 0.5, 0.0)"
_FLOATS = "pass floating-point numbers: jnp.array([1e20])"
_WIDTH = "the dense layer is as wide as x is long"


class DropoutModel(nn.Module):
    """A dense layer as wide as its input, then dropout.

    Attributes:
        drop_rate: the probability of dropping a value, in [0, 1].
    """

    drop_rate: float

    @nn.compact
    def __call__(self, x: jax.Array, deterministic: bool) -> jax.Array:
        """Run the two layers.

        Args:
            x: numbers, shape ``(..., n)``.
            deterministic: whether dropout hands its input through, as in evaluation.

        Returns:
            An array of the shape of `x`, of the dtype that ``flax.linen.Dense`` promotes it to.

        Raises:
            RateOutOfRangeError: KS004, `drop_rate` is not a number in [0, 1].
        """
        rate = _checked_rate(self.drop_rate)
        x = nn.Dense(features=x.shape[-1])(x)
        return cast("jax.Array", nn.Dropout(rate=rate, deterministic=deterministic)(x))


def run_dropout_model(
    seed: float,
    x: ArrayLike,
    dropout_seed: float,
    drop_rate: float,
    deterministic: float,
) -> jax.Array:
    """Initialise a `DropoutModel` with two streams and run it once.

    Bit-identical to the same steps written directly in Flax. A seed is cast with `int`, as the
    exercise asks; JAX without x64 keeps its low 32 bits, so that seeds 0 and 2**32 are one.

    Args:
        seed: of the stream ``params``, from -2**63 to 2**63 - 1.
        x: numbers, shape ``(n,)`` with n at least 1, of any integer, float or complex dtype; NaN
            and infinite values are numbers too.
        dropout_seed: of the stream ``dropout``, in the range of `seed`.
        drop_rate: the probability of dropping a value, in [0, 1].
        deterministic: a number other than NaN; from 0.5 on it means True.

    Returns:
        The output, shape ``(n,)``, float32 for integer and float32 `x`.

    Raises:
        BadExerciseInputError: KS010, `x` is not a vector of numbers, a seed is out of range, or a
            scalar is not a number.
        RateOutOfRangeError: KS004, `drop_rate` is not a number in [0, 1].

    Example:
        >>> import jax.numpy as jnp
        >>> from keystream.dropout_model import run_dropout_model
        >>> run_dropout_model(0.0, jnp.array([1.0, 2.0, 3.0, 4.0]), 7.0, 0.5, 0.0).shape
        (4,)
    """
    x = _vector(x)
    params_key = jax.random.PRNGKey(_integer("seed", seed))
    dropout_key = jax.random.PRNGKey(_integer("dropout_seed", dropout_seed))
    evaluating = _flag(deterministic)
    model = DropoutModel(drop_rate)
    # Dropout draws while `init` runs the layers, so it gets a key of its own there too.
    rngs = {"params": params_key, "dropout": dropout_key}
    variables = model.init(rngs, x, deterministic=False)
    y = model.apply(variables, x, deterministic=evaluating, rngs={"dropout": dropout_key})
    return cast("jax.Array", y)


def _vector(x: object) -> jax.Array:
    """`x` as a JAX array of its own dtype, once it is a non-empty vector of numbers."""
    try:
        vector = jnp.asarray(x)
    except OverflowError as error:
        raise _beyond(x) from error
    except (TypeError, ValueError) as error:
        what = f"x is {reprlib.repr(x)}, but must be a vector of numbers"
        raise _bad_input(what, _WIDTH, _CALL) from error
    if not jnp.issubdtype(vector.dtype, jnp.number):
        raise _bad_input(f"x holds {vector.dtype} values, but must hold numbers", _WIDTH, _CALL)
    if vector.ndim != 1:
        raise _bad_input(f"x has shape {vector.shape}, but must have one axis", _WIDTH, _CALL)
    if vector.size == 0:
        raise _bad_input("x is empty, but must hold at least one number", _WIDTH, _CALL)
    if _wrapped(x, vector):
        raise _beyond(x)
    return vector


def _wrapped(x: object, vector: jax.Array) -> bool:
    """Whether JAX kept the low bits alone of NumPy's integers, which it does without a word."""
    if isinstance(x, jax.Array) or not jnp.issubdtype(vector.dtype, jnp.integer):
        return False
    return not isinstance(vector, Tracer) and bool(np.any(np.asarray(x) != np.asarray(vector)))


def _beyond(x: object) -> BadExerciseInputError:
    what = f"x is {reprlib.repr(x)}, which is beyond the range of JAX's integers"
    return _bad_input(what, "wrapping it would compute with another number", _FLOATS)


def _integer(name: str, value: object) -> int:
    """A seed as the exercise casts it: towards zero."""
    try:
        integer = int(_number(value))
    except (TypeError, ValueError, OverflowError):
        integer = None
    if integer is None or not -(2**63) <= integer < 2**63:
        raise _bad_input(
            f"{name} is {reprlib.repr(value)}, but must be a number from -2**63 to 2**63 - 1",
            "it is cast to an integer, and PRNGKey takes one of 64 bits with a sign",
            _CALL,
        )
    return integer


def _flag(value: Any) -> bool:
    try:
        number = float(_number(value))
    except OverflowError:  # an integer beyond all floats
        return value > 0
    except (TypeError, ValueError):
        number = math.nan
    if math.isnan(number):
        raise _bad_input(
            f"deterministic is {reprlib.repr(value)}, but must be a number, and not NaN",
            "it means True from 0.5 on, and this is on neither side of 0.5",
            "pass 0.0 to drop values, as in training, or 1.0 to drop none, as in evaluation",
        )
    return number >= 0.5


def _bad_input(what: str, why: str, fix: str) -> BadExerciseInputError:
    return BadExerciseInputError(
        what,
        where="run_dropout_model(seed, x, dropout_seed, drop_rate, deterministic)",
        why=why,
        fix=fix,
    )


def _checked_rate(rate: float) -> float:
    """The rate itself, not a copy: its dtype decides how Flax rounds."""
    try:
        inside = 0.0 <= float(_number(rate)) <= 1.0
    except (TypeError, ValueError, OverflowError):
        inside = False
    if not inside:
        raise RateOutOfRangeError(
            f"drop_rate is {reprlib.repr(rate)}, but must be a number in [0, 1]",
            where="DropoutModel(drop_rate)",
            why="it is the probability of dropping a value; Flax computes with any number",
            fix="pass a fraction, such as 0.1 to drop one value in ten: DropoutModel(0.1)",
        )
    return rate


def _number(value: Any) -> Any:
    """Whatever `int` and `float` take, but no text: the exercise's scalars are numbers."""
    if isinstance(value, str | bytes | bytearray):
        raise TypeError(value)
    return value
