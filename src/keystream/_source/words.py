"""Words by which people say what they mean to do with randomness."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# Parameters and times: a batch of them is compared on equal draws, or walks one path of them.
SWEPT = re.compile(
    r"param|theta|weight|lr|hyper|config|gain|candidat|popul|member|coef|alpha|beta|temp|scale|sigma|design|policy|"
    r"seed|rate|strength|shift|loc|mu$|^w$|^p$|^a$|^b$|^t\d?$|^ts$|^s$|time$|times$",
    re.IGNORECASE,
)

# What a comment says where equal draws are wanted: whole words. Other words are no evidence.
PHRASES = (
    "common random numbers",
    "antithetic",
    "on purpose",
    "deliberately",
    "intentionally",
    "regenerated",
    "replayed",
    "same key",
    "same noise",
    "same mask",
    "same seed",
    "same draws",
    "same latents",
    "same randomness",
    "same random numbers",
    "fixed key",
    "fixed noise",
    "fixed latents",
    "fixed seed",
    "identical noise",
)
_MEANT = re.compile(r"\b(?:" + "|".join(map(re.escape, PHRASES)) + r")\b", re.IGNORECASE)
# A comment that denies says nothing about what is wanted.
_DENIED = re.compile(
    r"\b(?:not|never|no|without|cannot|avoid|bug|todo|fixme)\b|n't\b", re.IGNORECASE
)
REPEATS = frozenset(["KS101", "KS102", "KS106", "KS201", "KS202", "KS203", "KS303"])

# Whole words of names: what is compared under equal draws, and copies that begin as the original does.
SETTINGS = frozenset(
    [
        *("alpha", "beta", "candidate", "candidates", "config", "configs", "gamma", "hyperparams"),
        *("lr", "lrs", "param", "params", "rate", "rates", "scale", "scales", "sigma", "sigmas"),
        *("strength", "t", "temperature", "temperatures", "theta", "thetas", "time", "times", "ts"),
    ]
)
COPIES = frozenset(["copy", "ema", "frozen", "reference", "target", "teacher"])


def said_by_names(names: Iterable[str], words: frozenset[str]) -> str | None:
    """The first of some names that holds one of some words as a whole word, or None."""
    for name in names:
        if words & set(re.split(r"[^a-z]+", name.lower())):
            return name
    return None


def said_in_comment(lines: Sequence[str], line: int) -> tuple[str, int] | None:
    """What the comment of a line, or those right above it, say that shows equal draws to be wanted.

    Args:
        lines: of the source.
        line: from 1.

    Returns:
        The words, and the line that they stand on; None where nothing says so.
    """
    if not 1 <= line <= len(lines):
        return None
    said = [(lines[line - 1].partition("#")[2], line)]
    above = line - 2
    while above >= 0 and lines[above].lstrip().startswith("#"):
        said.append((lines[above], above + 1))
        above -= 1
    for text, place in said:
        match = _MEANT.search(text)
        if match is not None and not _DENIED.search(text):
            return match.group(), place
    return None


def comment_says_meant(lines: Sequence[str], line: int) -> bool:
    """Whether the comment of a line, or those right above it, say that equal draws are wanted."""
    return said_in_comment(lines, line) is not None
