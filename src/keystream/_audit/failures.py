"""Errors of the user's libraries that are randomness mistakes, read by their type and words."""

from __future__ import annotations

import linecache
import re
import traceback
from typing import Any

from keystream._audit import frames
from keystream._audit.judged import Judged
from keystream._audit.recording import Recording
from keystream._findings import Location

# (type of the error, its words) -> (code, what is missing or misspelt as a group `name`)
_SIGNS: tuple[tuple[str, str, str], ...] = (
    ("InvalidRngError", r'needs PRNG for "(?P<name>\w+)"', "KS405"),
    ("TypeError", r"unexpected keyword argument '(?P<name>rng|rngs|key|prng|rng_key)'", "KS406"),
    ("AttributeError|KeyError|ValueError", r"No RngStream named '(?P<name>\w+)'", "KS405"),
    ("ValueError|TypeError", r"rngs?.*(?P<name>dropout).*(None|required|missing)", "KS405"),
    ("RuntimeError", r"Dropout requires a key", "KS405"),
    (
        "ValueError",
        r"non-None PRNGKey|needs? a (non-None )?(rng|PRNG|key)",
        "KS405",
    ),
    (
        "ValueError",
        r"(deterministic|use_running_average|training).*(must be|was) (specified|provided|set)",
        "KS604",
    ),
    (
        "ValueError",
        r"No `?(?P<name>deterministic|use_running_average)`? argument was provided",
        "KS604",
    ),
    ("ValueError", r"Parameter `?\"?(?P<name>deterministic)", "KS604"),
    ("ValueError", r"rate must be in \[0, 1\)", "KS603"),
    ("ValueError|TypeError", r"[Rr]ate.*(range|between|\[0)", "KS603"),
    ("TypeError|ValueError", r"(?s)(?=.*\bcarry\b)(?=.*\bkey<)", "KS110"),
    (
        "TypeError|ValueError|AttributeError",
        r"(PRNG key|unexpected PRNG|random key|expected a key|prng_key|PRNGKey|key data|single key)",
        "KS110",
    ),
    ("KeyReuseError", r".*", "KS101"),
    ("UnexpectedTracerError", r".*", "KS503"),
)


# What a library's functions call a key that they are given.
_KEYS = frozenset(
    {"key", "keys", "rng", "rngs", "rng_key", "prng", "prng_key", "random_key", "seed"}
)


def failed(recording: Recording) -> list[Judged]:
    """The mistake that ended the program, where it is one of randomness."""
    error = recording.error
    while error is not None:
        found = _read(error) or _without_key(error)
        if found is not None:
            return [found]
        error = error.__cause__ or error.__context__
    return []


def _read(error: BaseException) -> Judged | None:
    kinds = {cls.__name__ for cls in type(error).__mro__}
    text = str(error)
    for kind, words, code in _SIGNS:
        match = re.search(words, text) if kinds & set(kind.split("|")) else None
        if match and not (code == "KS503" and not _touches_keys(error)):
            refined = _refined(code, error, match)
            places = _leaked_at(text) + places_of(error)
            if not places:
                return None
            name = match.groupdict().get("name") or ""
            facts: dict[str, Any] = {
                "error": type(error).__name__,
                "text": text.splitlines()[0],
                "name": name,
            }
            return Judged(
                refined,
                "error",
                places,
                facts=facts,
                stream=name if refined in ("KS405", "KS407") else "",
            )
    return None


def _without_key(error: BaseException) -> Judged | None:
    """An error of a library whose failing line reads a key that is None."""
    steps = list(traceback.walk_tb(error.__traceback__))
    places = places_of(error)
    if not steps or not places or isinstance(error, (KeyboardInterrupt, SystemExit)):
        return None
    frame, number = steps[-1]
    path = frame.f_code.co_filename
    if frames.is_user(path):
        return None
    names = set(re.findall(r"\w+", linecache.getline(path, number)))
    missing = [name for name in sorted(names & _KEYS) if frame.f_locals.get(name, "") is None]
    if not missing:
        return None
    text = (str(error).splitlines() or [""])[0] or f"{missing[0]} is None"
    facts = {"error": type(error).__name__, "text": text, "name": ""}
    return Judged("KS405", "error", places, facts=facts)


def _refined(code: str, error: BaseException, match: re.Match[str]) -> str:
    """A missing stream whose near miss was given is a misspelt one."""
    if code == "KS110" and "NoneType" in str(error):
        return "KS405"  # there is no key at all
    given = given_streams(error)
    name = match.groupdict().get("name") or ""
    if code == "KS405" and name and any(_near(name, other) for other in given):
        return "KS407"
    return code


def given_streams(error: BaseException) -> tuple[str, ...]:
    """The names of the streams that the failing Flax call was given."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        rngs = frame.f_locals.get("rngs")
        if isinstance(rngs, dict) and all(isinstance(name, str) for name in rngs):
            return tuple(rngs)
    return ()


def _near(name: str, other: str) -> bool:
    from difflib import SequenceMatcher  # noqa: PLC0415 (only a failing program needs it)

    return name != other and SequenceMatcher(None, name.lower(), other.lower()).ratio() >= 0.6


def _touches_keys(error: BaseException) -> bool:
    return "key<" in str(error) or "uint32[2]" in str(error)


def _leaked_at(text: str) -> tuple[Location, ...]:
    """The user's line that made a value which left its compiled function, as JAX's error tells it."""
    match = re.search(r"created on line (.+?):(\d+):(\d+) \((.+?)\)", text)
    if match is None or not frames.is_user(match[1]):
        return ()
    return (Location(frames.absolute(match[1]), int(match[2]), int(match[3]), match[4]),)


def places_of(error: BaseException) -> tuple[Location, ...]:
    """The user's lines of a traceback: the call that failed first, then what it ran, inside out."""
    places: list[Location] = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        if frames.is_user(code.co_filename):
            places.append(
                Location(
                    frames.absolute(code.co_filename),
                    line,
                    0,
                    code.co_qualname.replace(".<locals>", ""),
                )
            )
    return tuple(reversed(places))
