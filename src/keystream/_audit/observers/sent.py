"""What worker processes see of generators, sent to the process that is audited.

A worker may be ended at any time, so each beginning is written as it comes. Loads no JAX.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from keystream._audit.beginnings import Beginnings, Begun
from keystream._audit.frames import Key
from keystream._audit.observers import generators

MOST = 256  # beginnings that a worker sends


class Letters:
    """The beginnings that workers have sent; the folder for them goes with this object."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def folder(self) -> str:
        """Where workers write."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(
                prefix="keystream-", ignore_cleanup_errors=True
            )
        return self._folder.name

    def read(self) -> list[Begun]:
        """All that came so far, worker by worker."""
        if self._folder is None:
            return []
        return [each for path in sorted(Path(self._folder.name).iterdir()) for each in _rows(path)]


def _rows(path: Path) -> Iterator[Begun]:
    with contextlib.suppress(OSError, EOFError, pickle.UnpicklingError), path.open("rb") as file:
        while True:  # the last one may be cut off
            yield pickle.load(file)


class Observed:
    """The function that a worker process runs, with its generators observed.

    Args:
        target: the function.
        folder: where the worker writes what is seen.
        started: the stack of the line that starts the process.
    """

    def __init__(self, target: Callable[..., Any], folder: str, started: Key) -> None:
        self._target, self._folder, self._started = target, folder, started

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        path = Path(self._folder) / f"{os.getpid()}"
        rows = _File(path)
        observed = generators.observers()
        for each in observed:  # a fork: what the parent has seen is the parent's
            each.beginnings.forked(rows, self._started)
        if not observed:
            generators.install(_Worker(rows), [])
        return self._target(*args, **kwargs)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_started": ()}  # it holds ids of this process


class _Worker:
    """Takes notes in a process that is not audited otherwise."""

    def __init__(self, rows: _File) -> None:
        self.beginnings = Beginnings(rows, lambda: True, lambda: None)

    def host(self, name: str) -> None:
        """The host's randomness is asked for while JAX traces: that is not told of workers."""

    def unseen_call(self, reason: str) -> None:
        """Something could not be looked into: the process is counted as unseen anyway."""

    def note(self, kind: str) -> None:
        """What source shows is read for the process that is audited."""


class _File:
    """Rows that go to a file."""

    def __init__(self, path: Path) -> None:
        self._path, self._count = path, 0

    def __len__(self) -> int:
        return self._count

    def append(self, row: Begun) -> None:
        """Write a row down, if there is room for it."""
        self._count += 1
        if self._count <= MOST:
            with contextlib.suppress(OSError), self._path.open("ab") as file:
                pickle.dump(row, file)
