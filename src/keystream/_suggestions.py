"""Which of the known names somebody may have meant who wrote another one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from keystream._codes import CODES


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name that is spelt most like this one, whatever the case; None where none is."""
    if not isinstance(name, str):
        return None
    by_lower = {each.lower(): each for each in reversed(list(known))}
    near = get_close_matches(name.lower(), list(by_lower), n=1)
    return by_lower[near[0]] if near else None


def did_you_mean(name: object, known: Iterable[str], otherwise: str) -> str:
    """A fix that offers the nearest known name, if one is near."""
    near = nearest(name, known)
    return f"did you mean {near!r}? Otherwise {otherwise}" if near is not None else otherwise


def code_meant(word: str) -> str:
    """A fix that offers the code or mistake that was meant, or the list of all."""
    begun = [code for code in CODES if code.startswith(word.upper())]
    if begun:
        return f"one of those that begin so: {', '.join(begun)}"
    # Of codes only the letters are guessed: with another digit every code is as near as the next.
    digits = re.fullmatch(r"\D{0,3}(\d{3})", word)
    meant = f"KS{digits[1]}" if digits is not None else ""
    near = meant if meant in CODES else nearest(word, CODES.values())
    if near is None:
        return "keystream rule   (lists every code)"
    return f"did you mean {near!r}? Otherwise list every code: keystream rule"
