"""What a user sets in the editor, beside ``[tool.keystream]`` of the project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from keystream._linter.config import Config, read_config
from keystream.errors import KeystreamError, ValueOutOfRangeError

_RUNS = ("onType", "onSave")

# Settings of the same section that an editor's extension reads itself.
_OF_EXTENSIONS = frozenset({"interpreter", "trace"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user sets.

    Attributes:
        select: codes, their beginnings, or names of mistakes, in place of the project's.
        ignore: those that are left out, beside the project's.
        unsafe_fixes: whether repairing a file or all files also changes which numbers are drawn.
        run: when a text is checked: ``onType`` or ``onSave``.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    unsafe_fixes: bool = False
    run: str = "onType"

    def config(self, path: Path) -> Config:
        """What is wanted in a file: as its project says, then the editor.

        Raises:
            KeystreamError: KS002, the project's table or a code is not what it must be.
        """
        return read_config(path, select=self.select, ignore=self.ignore)


def read_settings(given: object) -> Settings:
    """The settings in what an editor sends: alone, or within ``keystream`` or ``settings``.

    Raises:
        KeystreamError: KS002, a setting is unknown, or not what it must be.
    """
    if given is None:
        return Settings()
    if not isinstance(given, Mapping):
        raise _wrong(f"settings = {given!r} is not an object")
    table = cast(Mapping[str, Any], given)
    for name in ("settings", "keystream"):
        if isinstance(table.get(name), Mapping):
            table = cast(Mapping[str, Any], table[name])
    for name in table:
        if name not in _OF_EXTENSIONS | {"select", "ignore", "unsafeFixes", "run"}:
            raise _wrong(f"there is no setting {name!r}")
    unsafe, run = table.get("unsafeFixes", False), table.get("run", "onType")
    if not isinstance(unsafe, bool):
        raise _wrong(f"unsafeFixes = {unsafe!r} is neither true nor false")
    if run not in _RUNS:
        raise _wrong(f'run = {run!r} is neither "onType" nor "onSave"')
    select, ignore = (_words(table, name) for name in ("select", "ignore"))
    return Settings(select, ignore, unsafe, run)


def _words(table: Mapping[str, Any], name: str) -> tuple[str, ...]:
    words = table.get(name) or []  # an editor may send null for what is not set
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise _wrong(f"{name} = {words!r} is not a list of strings")
    return tuple(words)


def _wrong(what: str) -> KeystreamError:
    return ValueOutOfRangeError(
        what,
        where="the editor's settings for keystream",
        why="findings would come without it, and not as you set them",
        fix='{"select": ["KS1"], "ignore": ["KS105"], "unsafeFixes": false, "run": "onType"}',
    )
