"""What every framework's Dropout has in common: a rate, a mode, and where it stands."""

from __future__ import annotations

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
