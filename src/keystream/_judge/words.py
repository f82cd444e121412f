"""Words by which people say that equal draws are wanted. They explain, and decide nothing.

A word may lower a warning to a note, and stands in the finding with its place. It never touches an
error, and never hides anything. Whole words only: ``block`` is no ``loc``, ``replay buffer`` no replay.
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache

from keystream._findings import Finding, Location

# What a comment says where equal draws are wanted; a sentence that denies it says the opposite.
_MEANT = re.compile(
    r"\b(?:common random numbers|antithetic|on purpose|deliberate(?:ly)?|intentional(?:ly)?|"
    r"(?:the )?(?:same|fixed|identical) (?:random )?(?:noise|keys?|latents?|masks?|seeds?|draws?|"
    r"starts?|episodes?|randomness|samples?|numbers))\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:not?|never|n't|without|avoid|unlike|instead of|accidental(?:ly)?|broken|bug|error|fix(?:me)?|"
    r"mistakes?|oops|problem|should (?:be|have|differ|get)|todo|unintended|why|wrong|xxx)\b|n't\b|\?",
    re.IGNORECASE,
)

# What a docstring says of what is not kept: whoever needs it draws it again of the key that it has.
_REBUILT = re.compile(
    r"\b(?:re-?(?:built|drawn|made|generated?|constructed|computed|created|sampled|derived|played))"
    r"\s+from\s+(?:its|the|their|one|that)\s+(?:own\s+|stored\s+|kept\s+)?keys?\b",
    re.IGNORECASE,
)

_STOP = re.compile(r"[.!?;](?:\s|$)")
Block = list[tuple[int, str]]  # comments that belong together: their lines and texts

# Codes of repetitions that may be meant.
MAY_BE_MEANT = frozenset(
    {"KS101", "KS102", "KS106", "KS201", "KS202", "KS203", "KS301", "KS303", "KS304", "KS305"}
)


_REPEATS = frozenset({"KS101", "KS201", "KS203"})  # one key, drawn from again


@dataclass(frozen=True, slots=True)
class Word:
    """What was read, and where."""

    text: str
    path: str
    line: int

    @property
    def quoted(self) -> str:
        """The words as a finding quotes them."""
        name = self.path.rpartition("/")[2]
        return f"“{self.text}” ({name}:{self.line})"


def meant(places: Iterable[Location], lines_of: Lines) -> Word | None:
    """The comment at one of some lines, or right above it, that says that equal draws are wanted."""
    for place in places:
        for block in _comments(tuple(lines_of(place.path)), place.line):
            text = " ".join(comment for _, comment in block)
            for found in _MEANT.finditer(text):
                if not _DENIED.search(_sentence(text, *found.span())):
                    number = _line_of(block, found.start())
                    return Word(found.group().strip(), place.path, number)
    return None


def _sentence(text: str, start: int, end: int) -> str:
    """The sentence around a part of a text."""
    before = [stop.end() for stop in _STOP.finditer(text, 0, start)]
    after = _STOP.search(text, end)
    return text[before[-1] if before else 0 : after.end() if after else len(text)]


def _line_of(block: Block, offset: int) -> int:
    """The line of a block of comments in which its text has reached an offset."""
    for number, comment in block:
        if offset <= len(comment):
            return number
        offset -= len(comment) + 1
    return block[-1][0]


# Parameters and times: a batch of them is compared on equal draws, or walks one path of them.
_SWEPT = frozenset(
    [
        "param",
        "params",
        "parameter",
        "parameters",
        "theta",
        "thetas",
        "weight",
        "weights",
        "lr",
        "lrs",
        "gain",
        "gains",
        "candidate",
        "candidates",
        "population",
        "pop",
        "member",
        "members",
        "coef",
        "coefs",
        "alpha",
        "alphas",
        "beta",
        "betas",
        "temperature",
        "temperatures",
        "scale",
        "scales",
        "sigma",
        "sigmas",
        "strength",
        "strengths",
        "shift",
        "shifts",
        "loc",
        "mu",
        "time",
        "times",
        "t",
        "ts",
    ]
)


def swept(place: Location, names: Sequence[str]) -> Word | None:
    """The first of the names of a batch, where each says that it is a parameter or a time."""
    spoken = [_SWEPT & set(re.split(r"_|\d+", name.lower())) for name in names]
    return Word(names[0], place.path, place.line) if names and all(spoken) else None


# Names of a copy that begins as the original does.
_COPIES = frozenset({"copy", "ema", "frozen", "reference", "target", "teacher"})


def copied(place: Location, name: str) -> Word | None:
    """A name that says that what it is given is a copy of something else."""
    spoken = _COPIES & set(re.split(r"[^a-z]+", name.lower()))
    return Word(name, place.path, place.line) if spoken else None


def _comments(lines: tuple[str, ...], line: int) -> Iterator[Block]:
    """The comment on a line, and those that stand alone right above it, as one text."""
    comments = _comments_of(lines)
    if line in comments:
        yield [(line, comments[line])]
    above = line - 1
    while above in comments and lines[above - 1].lstrip().startswith("#"):
        above -= 1
    block = [(number, comments[number]) for number in range(above + 1, line)]
    if block:
        yield block


@lru_cache(maxsize=64)
def _comments_of(lines: tuple[str, ...]) -> dict[int, str]:
    """The comments of a file by their lines; of one that is no Python those before it breaks off."""
    found: dict[int, str] = {}
    ended = (line if line.endswith("\n") else f"{line}\n" for line in lines)
    with suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(ended.__next__):
            if token.type == tokenize.COMMENT:
                found[token.start[0]] = token.string.lstrip("#").strip()
    return found


def rebuilt(places: Iterable[Location], lines_of: Lines) -> Word | None:
    """The docstring around one of some lines that says that what is drawn is drawn again of its key."""
    for place in places:
        for first, last, line, text in _docstrings(tuple(lines_of(place.path))):
            found = _REBUILT.search(text) if first <= place.line <= last else None
            if found is not None and not _DENIED.search(_sentence(text, *found.span())):
                number = line + text.count("\n", 0, found.start())
                return Word(" ".join(found.group().split()), place.path, number)
    return None


@lru_cache(maxsize=64)
def _docstrings(lines: tuple[str, ...]) -> list[tuple[int, int, int, str]]:
    """The docstrings of a file: the lines of what each describes, its own line, and its text."""
    try:
        tree = ast.parse("".join(line if line.endswith("\n") else f"{line}\n" for line in lines))
    except (SyntaxError, ValueError, RecursionError):
        return []
    found: list[tuple[int, int, int, str]] = []
    for node in ast.walk(tree):
        match node:
            case (
                ast.Module(body=[ast.Expr(value=ast.Constant(str() as text)), *_])
                | ast.ClassDef(body=[ast.Expr(value=ast.Constant(str() as text)), *_])
                | ast.FunctionDef(body=[ast.Expr(value=ast.Constant(str() as text)), *_])
            ):
                last = getattr(node, "end_lineno", None) or len(lines)
                found.append((getattr(node, "lineno", 1), last, node.body[0].lineno, text))
            case _:
                pass
    return found


class Lines:
    """The lines of a file by its path."""

    def __call__(self, path: str) -> Sequence[str]:
        """The lines, from the first; none where the file can't be read."""
        import linecache  # noqa: PLC0415

        return linecache.getlines(path)


def lowered(finding: Finding, lines_of: Lines | None = None) -> Finding:
    """The finding; as a note that quotes the words, where a comment says that a warning is meant."""
    if finding.severity != "warning" or finding.code not in MAY_BE_MEANT:
        return finding
    lines = lines_of or Lines()
    word, where = meant((*finding.locations[:2], *finding.related), lines), "a comment"
    if word is None and finding.code in _REPEATS:
        word, where = rebuilt(finding.locations, lines), "a docstring"
    if word is None:
        return finding
    why = f"{finding.why}; {where} says that it is meant: {word.quoted}"
    return replace(finding, severity="note", why=why)
