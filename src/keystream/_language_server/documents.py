"""What is open in an editor: a Python file, or a notebook with a document for each cell.

Lint reads one source. A document knows which of its lines stand where in the editor, so that all else
counts lines of the source, and files and notebooks are alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

from keystream._findings import Location
from keystream._lint.source import Source, of_cells


@dataclass(frozen=True, slots=True)
class Part:
    """One text of the editor.

    Attributes:
        uri: by which the editor knows it.
        lines: as the editor has them, without their ends.
        first: line of the source that its first line is, from 1.
        cell: its number in a notebook, from 1; 0 in a file.
    """

    uri: str
    lines: tuple[str, ...]
    first: int = 1
    cell: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """Text to put between two places of a part, whose lines and characters count from 0."""

    uri: str
    start: tuple[int, int]
    end: tuple[int, int]
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file or a notebook as it is in the editor, saved or not."""

    path: Path
    source: Source
    parts: tuple[Part, ...]

    def place(self, line: int) -> tuple[Part, int]:
        """The part that a line of the source is in, and which line of the part it is, from 0."""
        within = [part for part in self.parts if part.first <= max(line, 1)] or self.parts[:1]
        return within[-1], max(line, 1) - within[-1].first

    def line(self, location: Location) -> int:
        """The line of the source that a finding names, who may name a cell and the line in it."""
        first = next((part.first for part in self.parts if part.cell == location.cell), 1)
        return first + location.line - 1

    def lines(self, uri: str, first: int, last: int) -> range:
        """The lines of the source that lines of a part are, which count from 0, both included."""
        for part in self.parts:
            if part.uri == uri:
                return range(part.first + first, part.first + last + 1)
        return range(0)

    def changes(self, after: Source) -> list[Change] | None:
        """What turns this document into another source, as little as can be.

        Returns:
            None where a line would change that lint reads without its ``%time``: it would be lost.
        """
        made: list[Change] = []
        for part in self.parts:
            old, new = (_lines(source, part.cell) for source in (self.source, after))
            matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
            for kind, first, last, start, end in matcher.get_opcodes():
                if kind == "equal":
                    continue
                if list(part.lines[first:last]) != old[first:last]:
                    return None
                made += _changes(part, first, last, new[start:end])
        return made


def of_text(uri: str, text: str) -> Document:
    """A Python file."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    path = path_of(uri)
    return Document(path, Source(str(path), text), (Part(uri, tuple(text.split("\n"))),))


def of_notebook(uri: str, cells: Sequence[tuple[int, str, str]]) -> Document:
    """A notebook: of each cell of code its number, its URI and its text."""
    path = path_of(uri)
    parts: list[Part] = []
    texts: list[tuple[int, str]] = []
    first = 1
    for number, cell_uri, text in cells:
        plain = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = tuple(plain.split("\n"))
        parts.append(Part(cell_uri, lines, first, number))
        texts.append((number, plain))
        first += len(lines)
    return Document(path, of_cells(str(path), texts), tuple(parts))


def path_of(uri: str) -> Path:
    """The file behind a URI; a name of its own for a text that is in no file."""
    parts = urlparse(uri)
    if parts.scheme != "file":
        return Path("untitled.py")
    path = unquote(parts.path)
    return Path(path[1:] if len(path) > 2 and path[2] == ":" else path)


def _lines(source: Source, cell: int) -> list[str]:
    lines = source.text.split("\n")
    if not cell:
        return lines
    return [line for line, (number, _) in zip(lines, source.cells, strict=False) if number == cell]


def _changes(part: Part, first: int, last: int, new: list[str]) -> Iterator[Change]:
    """What puts lines in the place of others."""
    old = part.lines
    if last - first == len(new):
        for number, line in enumerate(new, first):
            yield _within(part, number, line)
    elif last < len(old):
        yield Change(part.uri, (first, 0), (last, 0), "".join(f"{line}\n" for line in new))
    else:  # up to the end, which is no line that an edit could begin
        start = (first - 1, len(old[first - 1])) if first else (0, 0)
        text = "".join(f"\n{line}" for line in new)
        yield Change(part.uri, start, (last - 1, len(old[-1])), text if first else text[1:])


def _within(part: Part, number: int, new: str) -> Change:
    """The change of one line, without what is the same at its beginning and at its end."""
    old, head, tail = part.lines[number], 0, 0
    shorter = min(len(old), len(new))
    while head < shorter and old[head] == new[head]:
        head += 1
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    text = new[head : len(new) - tail]
    return Change(part.uri, (number, head), (number, len(old) - tail), text)
