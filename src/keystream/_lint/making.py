"""Which of several makings of one seed the key of a use can have come from."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from keystream._evidence.seeding import consumes
from keystream._evidence.source import source_of
from keystream._lint.facts import Repeat, Site, Use
from keystream._lint.walking import walk


def seeds_of(repeat: Repeat) -> tuple[Site, ...]:
    """Where the key of the two, or of one of them, may have been made of its seed."""
    made = tuple(site for kind, site in repeat.routes if kind == "seed")
    if len(made) < 2:
        return made
    first = _reaching(repeat.first, repeat.second, made)
    second = _reaching(repeat.second, repeat.first, made)
    both = tuple(site for site in made if site in first and site in second)
    return both or tuple(site for site in made if site in first or site in second)


def _reaching(use: Use, other: Use, made: tuple[Site, ...]) -> tuple[Site, ...]:
    """The makings whose key a use can have: its own call's, else those of the functions it is in.

    A key that a call takes at once goes nowhere else, unless that keeps it, and one that is made later,
    or in the other use's function alone, was not there.
    """
    calls = [site.node for site in use.chain if isinstance(site.node, ast.Call)]
    own = tuple(site for site in made if any(_is_given(site.node, call) for call in calls))
    here = {site.around: site.line for site in use.chain}
    there = {site.around for site in other.chain} - here.keys()
    apt = tuple(
        site
        for site in made
        if not (_is_consumed(site) or site.around in there)
        and site.line <= here.get(site.around, site.line)
    )
    near = [site for site in apt if site.around in here]  # not in a function that has returned
    last = {
        (site.around, site.target): site.line for site in sorted(near, key=lambda each: each.line)
    }
    latest = tuple(site for site in near if last[site.around, site.target] == site.line)
    return own or tuple(site for site in latest if _is_bound(site)) or latest or apt or made


def _is_given(node: ast.AST, call: ast.Call) -> bool:
    return node is not call and node in walk(call)


def _is_bound(site: Site) -> bool:
    """Whether the key that is made is bound to a name, and not given to a call at once."""
    calls = (each for each in walk(site.statement or ast.Pass()) if isinstance(each, ast.Call))
    return not any(each is not site.node and site.node in walk(each) for each in calls)


def made_at(repeat: Repeat) -> Iterable[ast.AST]:
    """Of two keys of one seed, the line that made the later use's, where its own statement does."""
    lines = {site.statement for site in repeat.second.chain}
    for site in seeds_of(repeat):
        if site.statement in lines and _is_consumed(site):
            yield site.node


def _is_consumed(site: Site) -> bool:
    read = source_of(site.path) is not None
    return site.statement is not None and read and consumes(site.statement, site.node)
