"""Observers of frameworks and of the host: what no jaxpr shows."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

# library that the program imports -> the observer of it; none is imported before JAX is
OBSERVERS = {
    "flax.linen": "keystream._audit.observers.linen",
    "flax.nnx": "keystream._audit.observers.nnx",
    "equinox": "keystream._audit.observers.equinox",
    "haiku": "keystream._audit.observers.haiku",
    "keras": "keystream._audit.observers.keras",
    "jax.random": "keystream._audit.observers.sampling",
    "numpy.random": "keystream._audit.observers.host",
    "jax": "keystream._audit.observers.workers",
}


def observe(observer: str, recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Observe a library that has been imported, until what is added to `undo` is called."""
    try:
        importlib.import_module(observer).install(recorder, undo)
    except (ImportError, AttributeError, TypeError) as error:
        recorder.unseen_call(f"{observer.rsplit('.', 1)[-1]} is not observed: {error}")


def replace(owner: Any, name: str, new: Any, undo: list[Callable[[], None]]) -> None:
    """Set an attribute until the audit ends."""
    former = getattr(owner, name)
    setattr(owner, name, new)
    undo.append(lambda: setattr(owner, name, former))
