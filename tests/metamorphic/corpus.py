"""Programs with the mistakes that are expected in them, read from their markers."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "programs"
_MARKER = re.compile(r"\s*#\s*(expect|or)(?:\s+(\w))?:\s*(KS\d{3}(?:\|KS\d{3})*)\s*$")
_ABOUT = re.compile(r"#\s*about(?:\s*\((\w+)\))?:")


@dataclass(frozen=True)
class Mistake:
    """What a report should say: one of the codes, at one of the lines.

    A marked line stands for all lines of its statement.
    """

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
    for number, text in enumerate(path.read_text().splitlines(), start=1):
        about, marker = _ABOUT.match(text), _MARKER.search(text)
        if about:
            loud = about[1] == "loud"
        elif marker:
            found = (marker[2], frozenset(marker[3].split("|")), number)
            (expected if marker[1] == "expect" else others).append(found)
        elif re.search(r"#\s*(expect|or)\b.*KS", text):
            raise ValueError(f"{path}:{number}: marker not understood: {text}")
        lines.append("" if about else text[: marker.start()] if marker else text)
    source = "\n".join(lines) + "\n"
    statements = _statements(source)
    mistakes = tuple(
        Mistake(
            codes,
            statements[number].union(
                *(statements[n] for name, also, n in others if name == label and also & codes)
            ),
        )
        for label, codes, number in expected
    )
    wanted = {"mistaken": 1, "double": 2, "correct": 0}[path.parent.name]
    if len(mistakes) != wanted:
        raise ValueError(f"{path}: {len(mistakes)} mistakes are marked, {wanted} expected")
    return Program(path.stem, path.parent.name, source, mistakes, loud)


def _statements(source: str) -> dict[int, frozenset[int]]:
    """For each line, the lines of its statement; of a loop or a function, the line alone."""
    lines = {number: frozenset([number]) for number in range(1, source.count("\n") + 1)}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            span = frozenset(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            lines.update(dict.fromkeys(span, span))
    return lines


def programs() -> list[Program]:
    """All programs, ordered by folder and name."""
    return [read(path) for path in sorted(FOLDER.glob("*/*.py"))]
