"""Cells of a notebook: checked as one program, and mended where their findings are repaired."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from keystream._findings import Report
from keystream._lint.repairs import Edit
from keystream._lint.source import Source, UnreadableError, of_cells
from keystream._linter.config import Config
from keystream._linter.editing import apply
from keystream._linter.engine import Worker, unreadable

_NAME = "notebook.ipynb"  # of what is in no file: notebooks are read with their customs in mind


def check_cells(cells: Sequence[tuple[int, str]], config: Config) -> Report:
    """Judge cells that are in no file, such as those of a running notebook.

    Args:
        cells: number and source of each, in the order in which they ran.
        config: what is wanted.
    """
    source = replace(of_cells(_NAME, cells), unread=())  # what is no Python did not run
    try:
        findings = Worker(config).judge(source, Path(_NAME)).findings
    except UnreadableError as error:
        findings = (unreadable(_NAME, error.reason, error.line),)
    wanted = tuple(each for each in findings if config.wants(each.code, _NAME))
    lines = sum(text.count("\n") + 1 for _, text in cells)
    return Report("cells", wanted, {"cells": len(cells), "lines": lines}, "lint")


def edited(source: Source, edits: Iterable[Edit]) -> Source | None:
    """A notebook's source with edits made, each line still known by its cell.

    Returns:
        None where an edit goes beyond one cell: a repair must not move code between cells.
    """
    lines = source.text.split("\n")
    by_cell: dict[int, list[Edit]] = {}
    for edit in edits:
        cells = [_cell(source, line) for line in (edit.start[0], _last(edit))]
        if cells[0] is None or cells[0] != cells[1]:
            return None
        by_cell.setdefault(cells[0], []).append(edit)
    made: list[str] = []
    places: list[tuple[int, int]] = []
    for number, first, count in _blocks(source):
        block = lines[first : first + count]
        moved = [
            Edit((e.start[0] - first, e.start[1]), (e.end[0] - first, e.end[1]), e.text)
            for e in by_cell.get(number, ())
        ]
        if moved:  # a cell that nothing is left of is still a cell
            block = apply("\n".join(block) + "\n", moved).split("\n")[:-1] or [""]
        made += block
        places += [(number, line) for line in range(1, len(block) + 1)]
    return Source(source.path, "\n".join(made) + "\n", tuple(places))


def _cell(source: Source, line: int) -> int | None:
    return source.place(line)[0] or None


def _last(edit: Edit) -> int:
    """The last line that an edit changes; where it ends in column 0, that is the line before."""
    whole = edit.end[1] == 0 and edit.end[0] > edit.start[0]
    return edit.end[0] - whole


def _blocks(source: Source) -> Iterable[tuple[int, int, int]]:
    """For each cell its number, its first line in the text from 0, and how many lines it has."""
    first = 0
    for line in range(1, len(source.cells) + 1):
        here = source.cells[first][0]
        if line == len(source.cells) or source.cells[line][0] != here:
            yield here, first, line - first
            first = line


def in_notebook(raw: bytes, before: Source, after: Source) -> bytes:
    """A notebook's file with the changed lines of its cells; all else stays as it is.

    Lines that are no Python, such as ``!ls``, are blanks in the sources: what stands in the file stays.

    Args:
        raw: the file.
        before: its source as it was read.
        after: the source with repairs.
    """
    text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    spans = list(_sources(text))
    for number, old, new in reversed(list(_changed(before, after))):
        start, end = spans[number - 1]
        text = text[:start] + _mended(text[start:end], old, new, text) + text[end:]
    return text.encode()


_BLANKS = re.compile(r"[ \t\r\n]*")


def _sources(text: str) -> Iterator[tuple[int, int]]:
    """Where the source of each cell stands in the JSON of a notebook."""
    at = next(start for name, start, _ in _members(text, _after(text, 0)) if name == "cells")
    decoder = json.JSONDecoder()
    while text[at := _after(text, at + 1)] != "]":  # behind the bracket, then behind each comma
        yield next((start, stop) for name, start, stop in _members(text, at) if name == "source")
        _, stop = decoder.raw_decode(text, at)
        at = _after(text, stop)
        if text[at] == "]":
            break


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """The members of the JSON object that begins at a place: name, and where its value stands."""
    decoder = json.JSONDecoder()
    at = _after(text, at + 1)
    while text[at] != "}":
        name, at = decoder.raw_decode(text, at)
        start = _after(text, _after(text, at) + 1)
        _, stop = decoder.raw_decode(text, start)
        yield name, start, stop
        at = _after(text, stop)
        at = _after(text, at + 1) if text[at] == "," else at


def _after(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found is not None else at


def _mended(value: str, old: list[str], new: list[str], text: str) -> str:
    """The JSON of a cell's source with changed lines, written as it was; `text` is all of the file."""
    source = json.loads(value)
    only_ascii = value.isascii() and "\\u" in value

    def written(line: str) -> str:
        return json.dumps(line, ensure_ascii=only_ascii)

    if isinstance(source, str):
        return written("\n".join(_merged(source.split("\n"), old, new)))
    lines = "\n".join(_merged("".join(source).split("\n"), old, new)).splitlines(keepends=True)
    inner, outer = _after(value, 1), len(value[:-1].rstrip())
    blanks = value[1:inner] or (" " if '": ' in text else "")
    return f"[{value[1:inner]}{f',{blanks}'.join(map(written, lines))}{value[outer:]}"


def _changed(before: Source, after: Source) -> Iterable[tuple[int, list[str], list[str]]]:
    texts = [source.text.split("\n") for source in (before, after)]
    pairs = zip(_blocks(before), _blocks(after), strict=True)
    for (number, *old), (_, *new) in pairs:
        lines = [text[at : at + count] for text, (at, count) in zip(texts, (old, new), strict=True)]
        if lines[0] != lines[1]:
            yield number, lines[0], lines[1]


def _merged(raw: list[str], old: list[str], new: list[str]) -> list[str]:
    """The raw lines with what differs between two readings of them."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    merged: list[str] = []
    for kind, first, last, start, end in matcher.get_opcodes():
        merged += raw[first:last] if kind == "equal" else new[start:end]
    return merged
