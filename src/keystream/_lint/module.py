"""What a rule is given of one file, and how it says what it found."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from keystream._findings import Finding, Location, Severity
from keystream._lint.facts import Fact, Facts, Site
from keystream._lint.mistakes import Mistake
from keystream._lint.symbols import Child, Parameter, Seed, Symbol


@dataclass(frozen=True, slots=True)
class Module:
    """One file that was read.

    Attributes:
        path: as it is shown.
        facts: what was seen.
        mistakes: repeated uses of keys that are mistakes, one for each.
        excused: repeated uses that the structure of the program excuses.
    """

    path: str
    facts: Facts
    mistakes: list[Mistake]
    excused: list[Mistake] = field(default_factory=list[Mistake])

    def of(self, code: str) -> Iterator[Mistake]:
        """The mistakes under one code."""
        return (mistake for mistake in self.mistakes if mistake.code == code)

    def seen(self, *kinds: str) -> Iterator[Fact]:
        """The facts of some kinds."""
        return (fact for fact in self.facts.facts if fact.kind in kinds)


def finding(
    code: str,
    severity: Severity,
    site: Site,
    *,
    message: str,
    why: str,
    fix: str,
    related: tuple[Location, ...] = (),
    stream: str = "",
    count: int = 1,
    inner: tuple[Location, ...] = (),
) -> Finding:
    """A finding at one place of the source; `inner` are the lines that it leads to, down to the draw."""
    return Finding(
        code,
        severity,
        message,
        why,
        fix,
        (site.location(), *inner),
        related,
        stream=stream,
        count=count,
    )


def lineage(key: Symbol | None) -> str:
    """How a key came about, in a few words."""
    if key is None:
        return ""
    steps: list[str] = []
    while isinstance(key, Symbol) and len(steps) < 6:
        if isinstance(key, Seed):
            steps.append("a seed")
            break
        if isinstance(key, Parameter):
            steps.append(f"the parameter {key.name!r}")
            break
        if isinstance(key, Child):
            steps.append("split or fold_in")
        key = key.parent
    return " ← ".join(steps)


def key_name(mistake: Mistake) -> str:
    """The key of a mistake as the source spells it, in quotes, or by its stream, or "one key"."""
    text = mistake.repeat.second.text or mistake.repeat.first.text
    if text.startswith("stream "):
        return f"the key of the {text}"
    return f"`{text}`" if text else "one key"


def used_by(mistake: Mistake) -> tuple[str, str]:
    """What used the key, first and second: the call at the place reported, or the draw itself."""

    def name(site: Site, fallback: str) -> str:
        return f"{site.text}()" if site.text and isinstance(site.node, ast.Call) else fallback

    repeat = mistake.repeat
    return name(repeat.earlier, repeat.first.name), name(repeat.site, repeat.second.name)


def leaves(mistake: Mistake) -> bool:
    """Whether the second use is that the key is returned, and so used again later."""
    return mistake.repeat.second.kind == "kept" and mistake.repeat.second.name == "return"


def field_left(mistake: Mistake) -> str:
    """The remedy for a key of a record that goes out in the record's copy; empty for any other."""
    text = mistake.repeat.second.text
    owner, _, name = text.rpartition(".")
    if not leaves(mistake) or not owner.isidentifier():
        return ""
    return (
        "draw from a part of it, and put the other into the record that is returned:\n"
        f"{name}, step_key = jax.random.split({text})   # then {owner}.replace(..., {name}={name})"
    )
