"""Reading a file: its encoding, its cells if it is a notebook, its syntax tree."""

from __future__ import annotations

import ast
import io
import json
import re
import sys
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_BYTES = 1_500_000  # a syntax tree takes some 250 times the memory of its source
MAX_DEPTH = 90  # of brackets; beyond it the parser of Python 3.11 may crash


class UnreadableError(Exception):
    """A file whose source can't be read: why, and where."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class Source:
    """A file as text.

    Attributes:
        path: as it is shown.
        text: Python source; the cells of a notebook one after the other.
        cells: of a notebook, for each line of `text`, the cell's number and the line in it, both from 1.
    """

    path: str
    text: str
    cells: tuple[tuple[int, int], ...] = ()


def read_source(path: Path, shown: str) -> Source:
    """Read a Python file or a notebook.

    Raises:
        UnreadableError: the file can't be opened or decoded.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    if path.suffix == ".ipynb":
        source = _notebook(raw, shown)  # its pictures are no source
    elif len(raw) > MAX_BYTES and b"jax" not in raw:
        return Source(shown, "")
    else:
        source = Source(shown, decode(raw))
    if len(source.text) > MAX_BYTES:
        raise UnreadableError(f"its {len(source.text)} characters are more than {MAX_BYTES}")
    return source


def decode(raw: bytes) -> str:
    """Decode Python source by its byte order mark or its coding line."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise UnreadableError(f"it can't be decoded: {error}") from error
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _notebook(raw: bytes, shown: str) -> Source:
    try:
        cells: Any = json.loads(raw.decode("utf-8-sig"))["cells"]
        lines: list[str] = []
        places: list[tuple[int, int]] = []
        for number, cell in enumerate(cells, 1):
            if cell.get("cell_type") != "code":
                continue
            text = cell["source"]
            text = text if isinstance(text, str) else "".join(text)
            for place, line in enumerate(_readable(_plain(text.split("\n"))), 1):
                lines.append(line)
                places.append((number, place))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"it is no notebook: {type(error).__name__}: {error}") from error
    return Source(shown, "\n".join(lines) + "\n", tuple(places))


def _plain(lines: list[str]) -> list[str]:
    """The lines of a cell with IPython's commands blanked."""
    if lines and lines[0].lstrip().startswith("%%"):
        return [""] * len(lines)
    return [
        line[: len(line) - len(line.lstrip())] + "pass"
        if line.lstrip()[:1] in ("%", "!", "?")
        else line
        for line in lines
    ]


def _readable(lines: list[str]) -> list[str]:
    """The lines of a cell, or blank ones where it is no Python (another language, a sketch)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(
                "\n".join(lines), "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            )
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [""] * len(lines)
    return lines


def parse(source: Source) -> ast.Module:
    """The syntax tree.

    Raises:
        UnreadableError: the source is no Python.
    """
    if _depth(source.text) > MAX_DEPTH:
        raise UnreadableError(f"brackets are nested deeper than {MAX_DEPTH}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile(
                source.text, source.path, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            )
    except SyntaxError as error:
        raise UnreadableError(_reason(source.text, error), error.lineno or 0) from error
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise UnreadableError(f"it is no Python: {error}") from error


# Grammar by the Python that brought it: what a line looks like that an older one can't read.
_NEWER: tuple[tuple[tuple[int, int], re.Pattern[str], str], ...] = (
    (
        (3, 14),
        re.compile(r"^\s*except\*? [\w.]+\s*,[^()]*:"),
        "`except A, B` without brackets",
    ),
    ((3, 14), re.compile(r"(?<![\w'\"])[rR]?t[rR]?['\"]"), "a template string"),
    (
        (3, 13),
        re.compile(r"^\s*(?:class|def|async def|type) \w+\[[^\]]*="),
        "a type parameter's default",
    ),
    ((3, 12), re.compile(r"^\s*type \w+(?:\[.*\])?\s*="), "a `type` statement"),
    ((3, 12), re.compile(r"^\s*(?:class|def|async def) \w+\["), "type parameters"),
    ((3, 12), re.compile(r"(?<![\w'\"])[rR]?f[rR]?['\"].*\{"), "an f-string of the newer form"),
)


def _reason(text: str, error: SyntaxError) -> str:
    """Why a source can't be parsed: no Python, or Python newer than the one that reads it."""
    lines, number = text.split("\n"), error.lineno or 0
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    here = sys.version_info[:2]
    for version, pattern, what in _NEWER:
        if here < version and pattern.search(line):
            needed, running = (".".join(map(str, each)) for each in (version, here))
            return (
                f"{what} needs Python {needed}, and this is Python {running}; run lint with "
                f"Python {needed} or newer"
            )
    return f"it is no Python: {error.msg}"


def _depth(text: str) -> int:
    """The deepest nesting of brackets, roughly: those in strings count too, so only runs matter."""
    if not any(run in text for run in ("((((", "[[[[", "{{{{", "- - - -", "not not", "~~~~")):
        return 0
    deepest = depth = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth = max(0, depth - 1)
    return deepest
