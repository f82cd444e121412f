"""An open document: its findings and its repairs, whatever state it is in."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from pathlib import Path

from keystream._findings import Finding
from keystream._language_server.documents import Document
from keystream._lint.repairs import Repair
from keystream._lint.source import Source, UnreadableError, parse
from keystream._linter.config import Config
from keystream._linter.engine import Worker, unreadable
from keystream._linter.fixing import helpful, mended


def findings(document: Document, config: Config, folders: Sequence[Path]) -> tuple[Finding, ...]:
    """The findings of a document that is being edited; one that can't be parsed has that one finding.

    Args:
        document: the document.
        config: what is wanted.
        folders: that are open in the editor: what is left out below them is not checked.
    """
    if is_left_out(document.path, config, folders):
        return ()
    worker = Worker(config)
    source = document.source
    try:
        found = worker.judge(source, document.path).findings
    except UnreadableError as error:
        found = (unreadable(source.path, error.reason, error.line),)
    except (RecursionError, MemoryError):
        found = ()
    return worker.wanted(found, source.path)


def is_left_out(path: Path, config: Config, folders: Sequence[Path]) -> bool:
    """Whether a file is one that lint passes over, as it does those in virtual environments."""
    if "site-packages" in path.parts:
        return True
    above = [path]
    for folder in folders:
        if path.is_relative_to(folder):
            above += [
                each for each in path.parents if each != folder and each.is_relative_to(folder)
            ]
    return any(config.excludes(each) for each in above)


def repairs_at(document: Document, config: Config, lines: range) -> list[tuple[Repair, Source]]:
    """The repairs for findings on some lines of the source, each with the source after it."""
    try:
        return helpful(document.source, document.path, config, lines)
    except (RecursionError, MemoryError):
        return []


def repaired(document: Document, config: Config, *, unsafe: bool) -> tuple[int, Source]:
    """How many repairs can be made in a document, one after the other, and its source after them."""
    try:
        done, source = mended(document.source, document.path, config, unsafe=unsafe)
    except (RecursionError, MemoryError):
        return 0, document.source
    return len(done), source


UNSAFE = " (changes drawn bits)"


def title(repair: Repair, source: Source) -> str:
    """What a repair does, and whether it changes which numbers are drawn."""
    said = source.in_cells(repair.title)
    return said if repair.safe else said + UNSAFE


Ends = dict[tuple[int, int], tuple[int, int]]


def ends(source: Source, starts: Iterable[tuple[int, int]]) -> Ends:
    """Where the calls end that begin at some places, as `ast` counts lines and columns.

    A finding says where its call begins. Several may begin at one place, as in ``f(x)(y)``: the
    shortest is the one.
    """
    wanted = set(starts)
    found: Ends = {}
    try:
        tree = parse(source)
    except UnreadableError:
        return found
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or (node.lineno, node.col_offset) not in wanted:
            continue
        start, end = (
            (node.lineno, node.col_offset),
            (node.end_lineno or 0, node.end_col_offset or 0),
        )
        found[start] = min(end, found.get(start, end))
    return found
