"""A recording as it is kept: sites without what only judging needs, and a row for each use of a key."""

from __future__ import annotations

import linecache
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keystream._audit.judged import shown
from keystream._audit.recording import Recording
from keystream._findings import Location

MAX_SEEDS = 1000


@dataclass(frozen=True)
class Place:
    """A line of the user's source.

    Attributes:
        path: relative to the working directory of the run, where it lies below.
        line: from 1.
        column: from 1; 0 where only the line is known.
        function: the qualified name of the function around it.
        text: of the line, without its indentation: a line that moved is known by it.
    """

    path: str
    line: int
    column: int = 0
    function: str = ""
    text: str = ""

    @property
    def file(self) -> str:
        """The last part of the path."""
        return os.path.basename(self.path)  # noqa: PTH119

    def location(self, message: str = "") -> Location:
        """The place as findings show it."""
        return Location(self.path, self.line, self.column, self.function, message)


@dataclass(frozen=True)
class SavedSite:
    """Where a key is used.

    Attributes:
        kind: ``draw``, ``split``, ``fold_in``, ``seed`` or ``clone``.
        distribution, shape, dtype: of what is drawn; the shape as text.
        module_path: of the module that draws.
        stream: of its key.
        stack: the user's lines, innermost first.
        flags: as in a recorded site.
        threads: how many threads ran it.
        inputs: of the compiled call that it belongs to, what `inputs.digest` says of the first one.
    """

    kind: str
    distribution: str = ""
    shape: str = ""
    dtype: str = ""
    module_path: str = ""
    stream: str = ""
    stack: tuple[Place, ...] = ()
    flags: frozenset[str] = frozenset()
    threads: int = 1
    inputs: str = ""

    @property
    def place(self) -> Place:
        """The innermost line; an empty one where a library drew by itself."""
        return self.stack[0] if self.stack else Place("", 0)


@dataclass(frozen=True)
class Saved:
    """A saved recording.

    Attributes:
        path: of the record, as it was given.
        program: that was audited.
        sites: by id.
        keys: uint64 ``(n,)``, one entry a use, in the order of the program.
        key_sites: uint32 ``(n,)``.
        key_calls: uint32 ``(n,)``, ordinal of the compiled call or eager operation.
        steps: int64 ``(n,)``, as the program said it, else counted at the site.
        said_since: the first call whose step the program said; None where it said none.
        seeds: values with the places that made keys of them, at most `MAX_SEEDS`.
        summary: as in the report.
        error: how the program ended, where it did not end well.
        report: what was found, as JSON holds it; None in a record of an early version.
        process: the number of the process in its job, and how many there were.
        ended: whether the audit had ended; else the record holds what was seen up to its last saving.
    """

    path: str
    program: str
    sites: tuple[SavedSite, ...]
    keys: NDArray[np.uint64]
    key_sites: NDArray[np.uint32]
    key_calls: NDArray[np.uint32]
    steps: NDArray[np.int64]
    said_since: int | None = None
    seeds: tuple[tuple[int, Place], ...] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    report: Mapping[str, Any] | None = None
    ended: bool = True
    process: tuple[int, int] = (0, 1)


def described(recording: Recording) -> tuple[SavedSite, ...]:
    """The sites of a recording as they are kept."""
    threads = Counter(site for site, _ in recording.threads)
    return tuple(
        SavedSite(
            site.kind,
            site.distribution,
            str(site.shape) if site.shape or site.dtype else "",  # an eager draw's may be unknown
            site.dtype,
            site.module_path,
            site.stream,
            tuple(place(each) for each in site.stack),
            site.flags,
            max(threads[number], 1),
            recording.inputs.get(number, ""),
        )
        for number, site in enumerate(recording.sites)
    )


def place(location: Location) -> Place:
    """A recorded place as it is kept."""
    where = shown(location)
    text = linecache.getline(location.path, location.line).strip()
    return Place(where.path, where.line, where.column, where.function, text)


def seeds(recording: Recording) -> tuple[tuple[int, Place], ...]:
    """The seeds of which keys were made, each once with its place, in the order of the program."""
    made = np.array([site.kind == "seed" for site in recording.sites], bool)
    if not len(recording.parents):
        return ()
    rows = np.flatnonzero(made[recording.edge_sites])[: MAX_SEEDS * 10]
    pairs = zip(recording.parents[rows].tolist(), recording.edge_sites[rows].tolist(), strict=True)
    return tuple(
        (value, place(recording.sites[site].stack[0]))
        for value, site in list(dict.fromkeys(pairs))[:MAX_SEEDS]
        if recording.sites[site].stack
    )
