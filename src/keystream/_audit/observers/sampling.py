"""`jax.random.bernoulli` with a probability that is none."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax

from keystream._audit.observers import replace
from keystream._audit.observers.dropout import number


def install(recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Observe the probabilities given to `bernoulli` until the audit ends."""
    replace(jax.random, "bernoulli", _bernoulli(recorder, jax.random.bernoulli), undo)


def _bernoulli(recorder: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def bernoulli(key: Any, p: Any = 0.5, *args: Any, **kwargs: Any) -> Any:
        value = number(p) if isinstance(p, (int, float)) else None
        if value is not None and not 0.0 <= value <= 1.0:
            recorder.note("probability", depth=2, value=value)
        return call(key, p, *args, **kwargs)

    return bernoulli
