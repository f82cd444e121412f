"""Programs with the mistakes that are expected in them, read from their markers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "programs"
_MARKER = re.compile(r"\s*#\s*(expect|or)(?:\s+(\w))?:\s*(KS\d{3}(?:\|KS\d{3})*)\s*$")
_ABOUT = re.compile(r"#\s*about(?:\s*\((\w+)\))?:")


@dataclass(frozen=True)
class Mistake:
    """What a report should say: one of the codes, at one of the lines."""

    codes: frozenset[str]
    lines: frozenset[int]


@dataclass(frozen=True)
class Program:
    """A script without its markers, and what is expected of a report about it."""

    name: str
    kind: str
    source: str
    mistakes: tuple[Mistake, ...]
    loud: bool


def read(path: Path) -> Program:
    """Read a program and take its markers out; the numbers of the lines stay.

    Raises:
        ValueError: a marker is malformed, or does not fit the folder.
    """
    lines, expected, others, loud = [], [], [], False
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        about, marker = _ABOUT.match(line), _MARKER.search(line)
        if about:
            loud = about[1] == "loud"
            line = ""
        elif marker:
            codes = frozenset(marker[3].split("|"))
            (expected if marker[1] == "expect" else others).append((marker[2], codes, number))
            line = line[: marker.start()]
        elif re.search(r"#\s*(expect|or)\b.*KS", line):
            raise ValueError(f"{path}:{number}: marker not understood: {line}")
        lines.append(line)
    mistakes = tuple(
        Mistake(
            codes,
            frozenset(
                [number]
                + [line for name, also, line in others if name == label and also & codes]
            ),
        )
        for label, codes, number in expected
    )
    wanted = {"mistaken": 1, "double": 2, "correct": 0}[path.parent.name]
    if len(mistakes) != wanted:
        raise ValueError(f"{path}: {len(mistakes)} mistakes are marked, {wanted} expected")
    return Program(path.stem, path.parent.name, "\n".join(lines) + "\n", mistakes, loud)


def programs() -> list[Program]:
    """All programs, ordered by folder and name."""
    return [read(path) for path in sorted(FOLDER.glob("*/*.py"))]
