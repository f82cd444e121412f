"""The part of a block that `keystream.audit` is asked for, checked before the block runs."""

from __future__ import annotations

import math

from keystream._audit.window import Window
from keystream._names import as_integer
from keystream.errors import ValueOutOfRangeError

_CALL = "ks.audit"
_WHY = "it says which part of the block is audited"


def checked(window: Window) -> Window:
    """The window, where there can be such a part (KS002 where not)."""
    if window.from_step is not None:
        _check("from_step", window.from_step, least=0)
    if window.steps is not None:
        _check("steps", window.steps, least=1)
    seconds = window.seconds
    if seconds is not None and not (isinstance(seconds, int | float) and 0 < seconds < math.inf):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueOutOfRangeError(
            f"seconds is {seconds!r}, but must be a number above 0",
            where=_CALL,
            why=_WHY,
            fix="pass how long the audit lasts at most: seconds=60",
        )
    return window


def _check(name: str, value: object, *, least: int) -> None:
    number = as_integer(value, name, _CALL, _WHY)
    if number < least:
        raise ValueOutOfRangeError(
            f"{name} is {number}, but must be {least} or more",
            where=_CALL,
            why=_WHY,
            fix=f"pass {name} in that range, or leave it out for all of the block",
        )
