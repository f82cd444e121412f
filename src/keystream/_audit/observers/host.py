"""Randomness of the host while JAX traces: NumPy's, Python's, the clock's. Traced once, it is frozen."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from typing import Any

from keystream import _jax_door as door
from keystream._audit.observers import replace


def install(recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Observe the host's randomness until the audit ends."""
    for owner, name in ((time, "time"), (time, "time_ns"), (time, "perf_counter"), (os, "urandom")):
        replace(
            owner, name, _watched(recorder, f"{owner.__name__}.{name}", getattr(owner, name)), undo
        )


def _watched(recorder: Any, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call, updated=())
    def observed(*args: Any, **kwargs: Any) -> Any:
        if door.is_tracing():
            recorder.host(name)
        return call(*args, **kwargs)

    return observed
