"""What a user wants checked: ``[tool.keystream]`` of ``pyproject.toml``, then the command line."""

from __future__ import annotations

import fnmatch
import functools
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from keystream._codes import CODES
from keystream._suggestions import code_meant, did_you_mean
from keystream.errors import KeystreamError, ValueOutOfRangeError

EXCLUDED = (
    ".git",
    ".hg",
    ".venv",
    "venv",
    "node_modules",
    "__pycache__",
    ".tox",
    ".nox",
    "build",
    "dist",
    ".eggs",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    "site-packages",
    ".ipynb_checkpoints",
)

# Folders and files whose mistakes cost no training: tests, their data, documentation, benchmarks.
_ASIDE = re.compile(r"tests?|testing|test_?data|docs?|docs?_\w+|benchmarks?|\w+_benchmarks?")
_ASIDE_FILE = re.compile(r"test_.*|.*_tests?|conftest|.*test_utils?|testing|.*_benchmark")
# What [tool.keystream] may hold, each with an example to paste.
_OPTIONS = {
    "exclude": 'exclude = ["old", "generated_*.py"]',
    "ignore": 'ignore = ["KS105"]',
    "per-file-ignores": '[tool.keystream.per-file-ignores]\n"train.py" = ["key-reused"]',
    "select": 'select = ["KS1", "key-reused"]',
    "tests": 'tests = "same"',
}
_ROOTS = (
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    ".git",
)  # one of them stands at a project's root


@dataclass(frozen=True, slots=True)
class Config:
    """What is checked.

    Attributes:
        select: codes, their beginnings, or names of mistakes; all where empty.
        ignore: those that are left out.
        per_file: glob of files and what is left out there.
        exclude: globs of files and folders that are not read.
        root: the folder that globs are relative to.
        tests: whether findings in tests, documentation and benchmarks are notes, or judged the same.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = ()
    root: Path = field(default_factory=Path.cwd)
    tests: str = "note"

    def wants(self, code: str, path: str) -> bool:
        """Whether a finding with this code in this file is wanted."""
        if self.select and not any(_covers(word, code) for word in self.select):
            return False
        if any(_covers(word, code) for word in self.ignore):
            return False
        return not any(
            any(_covers(word, code) for word in words) and self._matches(path, pattern)
            for pattern, words in self.per_file
        )

    def excludes(self, path: Path) -> bool:
        """Whether a file or folder found below a given folder is passed over."""
        if path.name in EXCLUDED:
            return True
        return any(self._matches(str(path), pattern) for pattern in self.exclude)

    def is_aside(self, path: str) -> bool:
        """Whether a file is a test, documentation or a benchmark, whose findings shall be notes."""
        if self.tests == "same":
            return False
        full = Path(path).absolute()
        if _ASIDE_FILE.fullmatch(full.stem):
            return True
        root = next(filter(full.is_relative_to, (_project_of(full.parent), self.root)), full.parent)
        return any(_ASIDE.fullmatch(part) for part in full.relative_to(root).parts[:-1])

    def _matches(self, path: str, pattern: str) -> bool:
        full = Path(path).absolute()
        try:
            relative = full.relative_to(self.root).as_posix()
        except ValueError:
            relative = full.as_posix()
        folder = pattern.rstrip("/") + "/*"
        return any(
            fnmatch.fnmatch(relative, form) for form in (pattern, folder, "*/" + pattern)
        ) or (fnmatch.fnmatch(full.name, pattern))


@functools.lru_cache(maxsize=4096)
def _project_of(folder: Path) -> Path:
    """The root of the project that a folder belongs to; the folder itself where there is none."""
    for candidate in (folder, *folder.parents):
        if any((candidate / name).exists() for name in _ROOTS):
            return candidate
    return folder


def _covers(word: str, code: str) -> bool:
    return word.upper() == "ALL" or code.startswith(word.upper()) or CODES.get(code) == word


def read_config(start: Path, *, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> Config:
    """The configuration for a folder: of the nearest ``pyproject.toml`` with our table, then words.

    Raises:
        KeystreamError: KS002, the table or a code in it is not what it must be.
    """
    folder = start.absolute()
    if not folder.is_dir():
        folder = folder.parent
    found = Config(root=Path.cwd())
    for candidate in (folder, *folder.parents):
        path = candidate / "pyproject.toml"
        if path.is_file():
            table = _table(path)
            if table is not None:
                found = _from_table(table, path)
                break
    if select:
        found = replace(found, select=_codes(select, "--select"))
    if ignore:
        found = replace(found, ignore=(*found.ignore, *_codes(ignore, "--ignore")))
    return found


def _table(path: Path) -> dict[str, Any] | None:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueOutOfRangeError(
            f"{path.name} can't be read: {_reason(error)}",
            where=str(path),
            why="it may hold [tool.keystream], which says what is checked",
            fix=f"correct {path.name} there",
        ) from error
    tools = data.get("tool", {})
    table = tools.get("keystream") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ValueOutOfRangeError(
            f"tool.keystream is {table!r}, not a table",
            where=str(path),
            why="its options stand in a table of that name",
            fix=f"write a table:\n[tool.keystream]\n{_OPTIONS['select']}",
        )
    return table


def _reason(error: Exception) -> str:
    """Why a file can't be read; the message says its name by itself."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _from_table(table: dict[str, Any], path: Path) -> Config:
    for name in table:
        if name not in _OPTIONS:
            options = ", ".join(_OPTIONS)
            raise ValueOutOfRangeError(
                f"[tool.keystream] has no option {name!r}; there are {options}",
                where=str(path),
                why="lint would run without it, and not check what you asked for",
                fix=did_you_mean(name, _OPTIONS, "take one of these, or remove the line"),
            )
    per_file: Any = table.get("per-file-ignores", {})
    if not isinstance(per_file, dict):
        raise _wrong("per-file-ignores", f"is {per_file!r}, not a table", path)
    tests: Any = table.get("tests", "note")
    if tests not in ("note", "same"):
        raise _wrong("tests", f'= {tests!r} is neither "note" nor "same"', path)
    return Config(
        _codes(_list(table.get("select", []), "select", path), f"select in {path}"),
        _codes(_list(table.get("ignore", []), "ignore", path), f"ignore in {path}"),
        tuple(
            (
                str(pattern),
                _codes(_list(words, "per-file-ignores", path), f"per-file-ignores in {path}"),
            )
            for pattern, words in per_file.items()
        ),
        tuple(_list(table.get("exclude", []), "exclude", path)),
        path.parent,
        tests,
    )


def _list(value: Any, name: str, path: Path) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise _wrong(name, f"= {value!r} is not a list of strings", path)
    return [str(word) for word in value]


def _codes(words: Sequence[str], where: str) -> tuple[str, ...]:
    for word in words:
        upper = word.upper()
        if (
            upper != "ALL"
            and word not in CODES.values()
            and not any(code.startswith(upper) for code in CODES)
        ):
            raise ValueOutOfRangeError(
                f"there is no code or mistake {word!r}",
                where=where,
                why="nothing would be selected or left out by it, and no report would say so",
                fix=code_meant(word),
            )
    return tuple(words)


def _wrong(option: str, what: str, path: Path) -> KeystreamError:
    return ValueOutOfRangeError(
        f"{option} {what}",
        where=f"[tool.keystream] in {path}",
        why="lint would run without it, and not check what you asked for",
        fix=f"write it so: {_OPTIONS[option]}",
    )
