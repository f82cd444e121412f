"""Leaving a finding out where it stands: the comment that lint understands, put in for the user."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from keystream._lint.source import Source, UnreadableError, parse
from keystream._source.ignoring import ignores

PLACEHOLDER = "reason"

_LIST = re.compile(r"(#\s*keystream:\s*ignore\[)([^\]]*)(\])", re.IGNORECASE)


def with_ignore(source: Source, line: int, code: str) -> Source | None:
    """A source with a comment that leaves out one code on one line.

    A comment of ours that is there is given one code more. Else ours stands at the end of the line,
    after any other comment; where there can be none, in a line that goes on after a backslash or within
    a string, it stands on a line of its own above.

    Returns:
        None where no comment can be put, as within a string of several lines.
    """
    lines = source.text.split("\n")
    for number, changed, added in _ways(lines, line, code):
        cells = source.cells
        if added and cells:
            place = cells[number - 1]
            later = ((cell, at + (cell == place[0])) for cell, at in cells[number - 1 :])
            cells = (*cells[: number - 1], place, *later)
        after = Source(source.path, "\n".join(changed), cells)
        if _is_same_program(source, after) and (
            _ignored(source, line) | {code} <= _ignored(after, line + added)
        ):
            return after
    return None


def _ways(lines: list[str], line: int, code: str) -> Iterator[tuple[int, list[str], int]]:
    """Where the comment may stand: its line, the lines with it, and how many are new."""
    for number in (line, line - 1):
        there = lines[number - 1] if number else ""
        match = _LIST.search(there)
        if match is not None and match[2].strip():
            longer = f"{there[: match.end(2)].rstrip(', ')}, {code}{there[match.end(2) :]}"
            yield number, [*lines[: number - 1], longer, *lines[number:]], 0
    comment = f"# keystream: ignore[{code}] {PLACEHOLDER}"
    text = lines[line - 1]
    yield line, [*lines[: line - 1], f"{text.rstrip()}  {comment}", *lines[line:]], 0
    indent = text[: len(text) - len(text.lstrip())]
    yield line, [*lines[: line - 1], indent + comment, *lines[line - 1 :]], 1


def _is_same_program(before: Source, after: Source) -> bool:
    try:
        return ast.dump(parse(before)) == ast.dump(parse(after))
    except (UnreadableError, RecursionError, MemoryError):
        return False


def _ignored(source: Source, line: int) -> set[str]:
    """The codes that comments leave out on a line."""
    found = (comment for comment in ignores(source.text) if comment.line == line)
    return {code for comment in found for code in comment.codes}
