"""The source lines around a finding."""

from __future__ import annotations

import json
import linecache
import tokenize
from pathlib import Path
from typing import Any

from keystream._findings import Location

_AROUND = 1
_LONGEST = 160  # columns; a minified line must not fill the screen


def excerpt(place: Location, around: int = _AROUND) -> list[str]:
    """The line of a place with those around it, numbered; empty where the file can't be read."""
    source = lines_of(place)
    if not 0 < place.line <= len(source):
        return []
    first = max(1, place.line - around)
    last = min(len(source), place.line + around)
    width = len(str(last))
    return [
        f"  {'>' if number == place.line else ' '} {number:>{width}} | "
        f"{source[number - 1].rstrip()[:_LONGEST]}".rstrip()
        for number in range(first, last + 1)
    ]


def lines_of(place: Location) -> list[str]:
    """All lines of the file or cell of a place; empty where it can't be read."""
    return _of_cell(place) if place.cell else _lines(place.path)


def _of_cell(place: Location) -> list[str]:
    """The lines of a cell: of a notebook's file, or of a running one, where Python keeps them."""
    if not place.path.endswith(".ipynb"):
        return [line.rstrip("\n") for line in linecache.getlines(place.path)]
    try:
        cells: Any = json.loads(Path(place.path).read_text(encoding="utf-8-sig"))["cells"]
        return "".join(cells[place.cell - 1]["source"]).split("\n")
    except (OSError, ValueError, LookupError, TypeError):
        return []


def _lines(path: str) -> list[str]:
    if Path(path).exists() and not Path(path).is_file():
        return []  # a pipe would be waited for
    if not Path(path).is_file():
        return [line.rstrip("\n") for line in linecache.getlines(path)]  # such as IPython's cells
    try:
        with tokenize.open(path) as file:
            return file.read().splitlines()
    except (OSError, SyntaxError, UnicodeDecodeError):
        return []
