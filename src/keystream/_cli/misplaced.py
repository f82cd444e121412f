"""Options of a command that stand behind the program which it runs: the program gets them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path


def parted(
    words: Sequence[str], options: Mapping[str, bool], program: Path
) -> tuple[list[str], list[str]]:
    """The command's own options with their values, and the rest of the words for a program.

    An option that the program names itself is the program's, whatever the command has.

    Args:
        words: what stands behind the program.
        options: of the command, and whether they take a value.
        program: its file; where there is none to read, all words are the program's.
    """
    try:
        source = program.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return [], list(words)
    ours: list[str] = []
    rest: list[str] = []
    left = list(words)
    while left:
        name, has_value, _ = left[0].partition("=")
        meant_for_us = name in options and not _names(source, name)
        length = 1 + (meant_for_us and options[name] and not has_value)
        (ours if meant_for_us else rest).extend(left[:length])
        del left[:length]
    return ours, rest


def _names(source: str, option: str) -> bool:
    """Whether a program seems to take an option: by its words, as a flag's name, or as a parameter."""
    name = option.removeprefix("--").replace("-", "_")
    return bool(re.search(rf"{option}\b|[\"']{name}[\"']|\b{name}\s*:", source))
