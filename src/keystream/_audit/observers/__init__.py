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
    "keystream._streams": "keystream._audit.observers.streams",
    "jax.random": "keystream._audit.observers.sampling",
    "numpy.random": "keystream._audit.observers.host",
    "pickle": "keystream._audit.observers.restoring",
    "flax.serialization": "keystream._audit.observers.restoring",
    "flax.training.checkpoints": "keystream._audit.observers.restoring",
    "orbax.checkpoint": "keystream._audit.observers.restoring",
    "joblib": "keystream._audit.observers.restoring",
    "jax": "keystream._audit.observers.workers",
}

_RESTORING = "keystream._audit.observers.restoring"


def observe(observer: str, recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Observe a library that has been imported, until what is added to `undo` is called."""
    try:
        importlib.import_module(observer).install(recorder, undo)
        importlib.import_module(_RESTORING).install(recorder, undo)
    except (ImportError, AttributeError, TypeError) as error:
        recorder.unseen_call(f"{observer.rsplit('.', 1)[-1]} is not observed: {error}")


def replace(owner: Any, name: str, new: Any, undo: list[Callable[[], None]]) -> None:
    """Set an attribute until the audit ends."""
    former = getattr(owner, name)
    setattr(owner, name, new)
    undo.append(lambda: setattr(owner, name, former))
