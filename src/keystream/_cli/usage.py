"""What a command can't do anything with: a word that it does not know, a file that is not there."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, NoReturn

from keystream._suggestions import nearest


class UsageError(Exception):
    """A command's words can't be acted on; the command exits with 2.

    Args:
        what: what is wrong, with the word.
        fix: the words to use, to paste.
        why: the reason, where the first line does not say it.
    """

    def __init__(self, what: str, *, fix: str, why: str = "") -> None:
        super().__init__(what)
        self.what, self.fix, self.why = what, fix, why

    def __str__(self) -> str:
        fields = (("why", self.why), ("fix", self.fix))
        lines = [f"  {label + ':':<6} {text}" for label, text in fields if text]
        return "\n".join([self.what, *lines])


class Parser(argparse.ArgumentParser):
    """A parser that refuses what it does not know itself, with its own usage and the nearest option.

    argparse leaves that to the parser of the whole command line, whose usage names no option of a
    command.
    """

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride]  # its overloads are one
        self, args: Any = None, namespace: Any = None
    ) -> Any:
        """Parse, and refuse what is left over."""
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self._refuse(rest[0])
        return found, rest

    def _refuse(self, word: str) -> NoReturn:
        if not word.startswith("-"):
            self.error(f"{word!r} is one argument too many")
        option = word.partition("=")[0]
        known = [each for action in self._actions for each in action.option_strings]
        self.error(f"there is no option {option!r}{or_else(option, known)}")


def or_else(word: str, known: Iterable[str]) -> str:
    """The end of a message that offers the nearest known word; empty where none is near."""
    near = nearest(word, known)
    return f"; did you mean {near!r}?" if near is not None else ""


def file_meant(name: str, otherwise: str, suffixes: Collection[str]) -> str:
    """The file of these kinds that somebody likely meant who wrote a name that is not there."""
    path = Path(name)
    try:
        beside = sorted(each.name for each in path.parent.iterdir() if each.suffix in suffixes)
    except OSError:
        beside = []
    whole = next((each for each in beside if Path(each).stem == path.name), None)
    near = whole or nearest(path.name, beside)
    return str(path.with_name(near)) if near is not None else otherwise


def positive(text: str) -> int:
    """An option's value: an integer that is 1 or more."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not an integer of 1 or more")
    return number
