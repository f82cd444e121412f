"""Reading a file: its encoding, its cells if it is a notebook, its syntax tree."""

from __future__ import annotations

import ast
import io
import json
import re
import sys
import tokenize
import warnings
from collections.abc import Iterable
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
        unread: of a notebook, the line of `text` and the reason for each cell that is no Python.
    """

    path: str
    text: str
    cells: tuple[tuple[int, int], ...] = ()
    unread: tuple[tuple[int, str], ...] = ()

    def place(self, line: int) -> tuple[int, int]:
        """The cell and the line in it of a line of the text; cell 0 where it is no notebook's."""
        return self.cells[line - 1] if 0 < line <= len(self.cells) else (0, line)

    def in_cells(self, words: str) -> str:
        """Words that name lines of the text, naming them by their cells."""
        return _LINES.sub(self._said, words) if self.cells else words

    def _said(self, found: re.Match[str]) -> str:
        by_cell: dict[int, list[str]] = {}
        for number in found[1].split(", "):
            cell, line = self.place(int(number))
            by_cell.setdefault(cell, []).append(str(line))
        if 0 in by_cell:
            return found[0]
        return " and ".join(
            f"cell {cell}, line{'s' * (len(lines) > 1)} {', '.join(lines)}"
            for cell, lines in by_cell.items()
        )


_LINES = re.compile(r"\blines? (\d+(?:, \d+)*)\b")


def read_source(path: Path, shown: str) -> Source:
    """Read a Python file or a notebook.

    Raises:
        UnreadableError: the file can't be opened or decoded.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for without end
            raise UnreadableError("it is no regular file")
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
        document: Any = json.loads(raw.decode("utf-8-sig"))
        code = [
            (number, text if isinstance(text := cell["source"], str) else "".join(text))
            for number, cell in enumerate(document["cells"], 1)
            if cell.get("cell_type") == "code"
        ]
        return of_cells(shown, code if _is_python(document.get("metadata") or {}) else ())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"it is not a notebook: {type(error).__name__}: {error}") from error


def _is_python(about: Any) -> bool:
    """Whether a notebook's metadata leaves it one of Python."""
    told = [about.get("kernelspec") or {}, about.get("language_info") or {}]
    names = [each.get(name) for each, name in zip(told, ("language", "name"), strict=True)]
    return all(name is None or str(name).lower() in ("python", "ipython") for name in names)


def of_cells(shown: str, cells: Iterable[tuple[int, str]]) -> Source:
    """The source of numbered cells, one after the other, with IPython's own commands taken out."""
    lines: list[str] = []
    places: list[tuple[int, int]] = []
    unread: list[tuple[int, str]] = []
    for number, text in cells:
        made, wrong = _readable(plain(text.split("\n")))
        if wrong is not None:
            unread.append((len(lines) + max(wrong.line, 1), wrong.reason))
        for place, line in enumerate(made, 1):
            lines.append(line)
            places.append((number, place))
    return Source(shown, "\n".join(lines) + "\n", tuple(places), tuple(unread))


# Commands whose cell is Python, and those whose line is.
_PYTHON_CELLS = frozenset(
    {"time", "timeit", "capture", "prun", "audit", "memit", "mprun", "lprun", "snakeviz", "python"}
    | {"python3", "py", "debug", "pyinstrument", "scalene"}
)
_PYTHON_LINES = frozenset({"time", "timeit", "prun", "memit", "lprun", "mprun", "debug"})


def plain(lines: list[str]) -> list[str]:
    """The lines of a cell as Python: IPython's commands are taken out, line by line.

    ``%%time`` leaves the cell below it, ``%time x = f()`` the statement, ``files = !ls`` a name that is
    bound; ``!ls``, ``%matplotlib inline`` and ``f?`` leave nothing.
    """
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    head = lines[first].strip() if lines else ""
    if head.startswith("%%"):
        if head[2:].split(" ")[0] not in _PYTHON_CELLS:
            return [""] * len(lines)
        return [*[""] * (first + 1), *plain(lines[first + 1 :])]
    made: list[str] = []
    continued = False  # the line before was a command that goes on here
    for line in lines:
        if continued:
            made.append("")
        else:
            made.append(_plain_line(line))
        continued = line.endswith("\\") and (continued or made[-1] != line)
    return made


def _plain_line(line: str) -> str:
    bare = line.strip()
    indent = line[: len(line) - len(line.lstrip())]
    if bare[:1] in ("%", "!", "?"):
        name, _, rest = bare[1:].partition(" ")
        statement = rest.lstrip()
        if bare[0] == "%" and name in _PYTHON_LINES and statement and statement[0] != "-":
            return indent + statement
        return f"{indent}pass"
    if bare.endswith("?") and "#" not in bare and not bare.endswith(("'?", '"?')):
        return f"{indent}pass"
    target, equals, value = line.partition("=")
    if equals and value.lstrip()[:1] in ("!", "%") and value.lstrip()[1:2].strip():
        return f"{target}= None"
    return line


# Commands that IPython takes without a sign before them, where a line is no Python.
_BARE = frozenset(
    {"pip", "conda", "mamba", "uv", "cd", "ls", "ll", "cat", "cp", "mv", "rm", "mkdir", "rmdir"}
    | {"less", "more", "man", "env", "load_ext", "reload_ext", "matplotlib", "autoreload", "who"}
    | {"whos", "time", "timeit", "run", "history", "clear", "config", "pinfo", "conda", "alias"}
)


def _readable(lines: list[str]) -> tuple[list[str], UnreadableError | None]:
    """The lines of a cell; blank ones where it is no Python, and why it is none."""
    made = list(lines)
    for _ in lines:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
                compile("\n".join(made), "cell", "exec", flags)
        except SyntaxError as error:
            at = (error.lineno or 0) - 1
            line = made[at] if 0 <= at < len(made) else ""
            if line.partition(" ")[0] not in _BARE:
                reason = _reason("\n".join(made), error)
                return [""] * len(lines), UnreadableError(reason, error.lineno or 0)
            made[at] = "pass"
        except (ValueError, RecursionError, MemoryError) as error:
            return [""] * len(lines), UnreadableError(f"it is not Python: {error}", 1)
        else:
            break
    return made, None


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
        raise UnreadableError(f"it is not Python: {error}") from error


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
    return f"it is not Python: {error.msg}"


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
