"""A mistake that the evidence shows, before a rule puts it into words."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Any

from keystream._findings import Finding, Location, Severity
from keystream._judge.words import Word

LINES = 8  # places a finding names at most, and as many related ones


@dataclass
class Judged:
    """One mistake with its places and facts.

    Attributes:
        code: of the table of codes.
        severity: as proven.
        locations: most apt first.
        related: with their messages.
        facts: what the rule's words need.
        word: that says that a warning is meant: it is a note then, and quotes it.
        meant: what shows that the draws shall be equal, as a clause; it is a note then, and says so.
        module_path, stream, steps, count, lineage: as in a `Finding`.
    """

    code: str
    severity: Severity
    locations: tuple[Location, ...] = ()
    related: tuple[Location, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    module_path: str = ""
    stream: str = ""
    steps: tuple[int, int] | None = None
    count: int = 1
    lineage: tuple[tuple[str, ...], ...] = ()
    word: Word | None = None
    meant: str = ""

    def finding(self, message: str, *, why: str, fix: str) -> Finding:
        """The mistake in words."""
        severity = self.severity
        if self.meant:
            severity, why = "note", f"{why}; {self.meant}, so it seems meant"
        if self.word is not None and severity == "warning":
            severity, why = "note", f"{why}; its name says that it is meant: {self.word.quoted}"
        return Finding(
            code=self.code,
            severity=severity,
            message=message,
            why=why,
            fix=fix,
            locations=tuple(shown(place) for place in distinct(self.locations)[:LINES]),
            related=tuple(shown(place) for place in self.related[:LINES]),
            module_path=self.module_path,
            stream=self.stream,
            steps=self.steps,
            count=self.count,
            lineage=self.lineage,
        )


def distinct(places: tuple[Location, ...]) -> tuple[Location, ...]:
    """The places without repetitions of a line, in their order."""
    seen: dict[tuple[str, int], Location] = {}
    for place in places:
        seen.setdefault((place.path, place.line), place)
    return tuple(seen.values())


def shown(place: Location) -> Location:
    """A place as reports show it: relative to the working directory where it lies below."""
    try:
        here = os.getcwd() + os.sep  # noqa: PTH109 (links in the way to it stay as the user typed them)
    except FileNotFoundError:  # the program removed it
        return place
    real = os.path.realpath(here) + os.sep
    if place.path.startswith(real):
        return replace(place, path=place.path[len(real) :])
    return place


def line(place: Location) -> str:
    """A place in running text, such as ``train.py:12``."""
    where = shown(place)
    return f"{os.path.basename(where.path)}:{where.line}"  # noqa: PTH119


def said(error: Exception) -> str:
    """An error on a line: its type, and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
