"""Observers of frameworks and of the host: what no jaxpr shows."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

# library that the program imports -> the observer of it
OBSERVERS = {
    "flax.linen": "keystream._audit.observers.linen",
    "flax.nnx": "keystream._audit.observers.nnx",
    "equinox": "keystream._audit.observers.equinox",
    "haiku": "keystream._audit.observers.haiku",
    "keras": "keystream._audit.observers.keras",
    "jax.random": "keystream._audit.observers.sampling",
    "numpy.random": "keystream._audit.observers.host",
    "pickle": "keystream._audit.observers.restoring",
    "flax.serialization": "keystream._audit.observers.restoring",
    "flax.training.checkpoints": "keystream._audit.observers.restoring",
    "orbax.checkpoint": "keystream._audit.observers.restoring",
    "joblib": "keystream._audit.observers.restoring",
}


_RESTORING = "keystream._audit.observers.restoring"


def install(recorder: Any) -> Callable[[], None]:
    """Observe the libraries that are imported, and the others as soon as they are.

    Returns:
        What removes every observer again.
    """
    undo: list[Callable[[], None]] = []
    for library, observer in OBSERVERS.items():
        if library in sys.modules:
            _observe(observer, recorder, undo)
    finder = _Finder(recorder, undo)
    sys.meta_path.insert(0, finder)

    def uninstall() -> None:
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)
        for put_back in reversed(undo):
            put_back()

    return uninstall


def _observe(observer: str, recorder: Any, undo: list[Callable[[], None]]) -> None:
    try:
        importlib.import_module(observer).install(recorder, undo)
        importlib.import_module(_RESTORING).install(recorder, undo)
    except (ImportError, AttributeError, TypeError) as error:
        recorder.unseen_call(f"{observer.rsplit('.', 1)[-1]} is not observed: {error}")


class _Finder(importlib.abc.MetaPathFinder):
    """Lets the usual finders find a library, and observes it once it has been executed."""

    def __init__(self, recorder: Any, undo: list[Callable[[], None]]) -> None:
        self._recorder, self._undo, self._busy = recorder, undo, False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a library to observe, with its execution extended; None for all others."""
        if fullname not in OBSERVERS or self._busy:
            return None
        self._busy = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._busy = False
        if spec is None or spec.loader is None:
            return None
        loader, execute = spec.loader, spec.loader.exec_module

        def execute_and_observe(module: ModuleType) -> None:
            execute(module)
            loader.exec_module = execute  # type: ignore[method-assign]
            _observe(OBSERVERS[fullname], self._recorder, self._undo)

        loader.exec_module = execute_and_observe  # type: ignore[method-assign]
        return spec


def replace(owner: Any, name: str, new: Any, undo: list[Callable[[], None]]) -> None:
    """Set an attribute until the audit ends."""
    former = getattr(owner, name)
    setattr(owner, name, new)
    undo.append(lambda: setattr(owner, name, former))
