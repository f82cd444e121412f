"""What every framework's Dropout has in common: a rate, a mode, and where it stands."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from keystream._audit.observers.state import differentiating, marks


def note(recorder: Any, layer: str, rate: Any, deterministic: Any, **fields: Any) -> None:
    """Note a call of a Dropout.

    Args:
        recorder: takes the note.
        layer: such as ``flax.linen.Dropout``.
        rate: as given; traced values are left out.
        deterministic: the mode as merged; None where it was not given.
        fields: what else is known, such as ``path`` and ``collection``.
    """
    recorder.note(
        "dropout",
        depth=3,
        layer=layer,
        rate=number(rate),
        deterministic=flag(deterministic),
        differentiated=differentiating(),
        initialising="initialising" in marks(),
        **fields,
    )


def switching(recorder: Any, switch: Callable[..., Any]) -> Callable[..., Any]:
    """A function that switches dropout off, observed: a finding names the line that called it."""

    @functools.wraps(switch)
    def observed(*args: Any, **kwargs: Any) -> Any:
        recorder.note("switched_off", depth=2)
        return switch(*args, **kwargs)

    return observed


def number(value: Any) -> float | None:
    """A rate as a number; None where it is not known before the program runs."""
    try:
        return float(value)
    except Exception:
        return None


def flag(value: Any) -> bool | None:
    """A mode as a truth value; None where it is not known, or not given."""
    if value is None:
        return None
    try:
        return bool(value)
    except Exception:
        return None
