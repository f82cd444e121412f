"""The lines that a finding concerns: down to the draw, where the key came from, the loop."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from keystream._findings import Location
from keystream._lint.facts import Chain, Fact, Repeat, Site, Turn
from keystream._lint.mistakes import Mistake
from keystream._lint.walking import walk

MOST = 10  # lines beside the first; the nearest say what there is to say


def inner(mistake: Mistake, first: Site | None = None) -> tuple[Location, ...]:
    """The lines of a repeated use: down to the draw, the key's derivation, the loop, the calls above."""
    site = mistake.site if first is None else first
    return distinct(site, [mistake.site.location(), *_concerned(mistake.repeat)])


def nearest_in(path: str, chain: Chain) -> Site:
    """The innermost place of a chain in a file: what a call does elsewhere is told where it is called.

    The file is the one that says under which circumstances the call runs; the last place of the chain
    if it has none there.
    """
    return next((site for site in chain[::-1] if site.path == path), chain[-1])


def _concerned(repeat: Repeat) -> Iterator[Location]:
    below = repeat.second.chain[repeat.level + 1 :]
    for site in below:
        yield site.location()
    turn = repeat.turn
    if turn is None:
        for site in repeat.first.chain[repeat.level :]:
            yield site.location("the first use")
    for site in repeat.origins[:1]:
        yield derived(site)
    if turn is not None:
        if turn.line:
            yield _of_turn(repeat.site, turn)
        yield from returned(repeat)
    for site in repeat.origins[1:]:
        yield derived(site)
    for site in repeat.second.chain[: repeat.level][::-1]:
        yield site.location()


def _of_turn(site: Site, turn: Turn) -> Location:
    return Location(site.path, turn.line, 0, site.function, "the loop")


def derived(site: Site) -> Location:
    """A place where a key is made or derived."""
    return site.location("where the key comes from")


def returned(repeat: Repeat) -> Iterator[Location]:
    """Where the body of a loop of JAX hands the key on to the next turn."""
    site = repeat.site
    body = site.callee
    if (
        not isinstance(body, ast.FunctionDef)
        or repeat.turn is None
        or site.node is not repeat.turn.node
    ):
        return
    names = {
        part.id
        for origin in repeat.origins
        for part in walk(origin.node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
    }
    names |= {
        part.id
        for use in repeat.second.chain[-1:]
        for part in walk(use.node)
        if isinstance(part, ast.Name) and part.id == repeat.second.text
    }
    parameters = {parameter.arg for parameter in body.args.args}
    carried = {
        part.id
        for part in walk(body)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }
    for statement in walk(body):
        if isinstance(statement, ast.Return) and statement.value is not None:
            said = {part.id for part in walk(statement.value) if isinstance(part, ast.Name)}
            if said & names & (parameters | carried):
                yield Location(site.path, statement.lineno, 0, body.name, "the key is handed on")


def of_shared(fact: Fact, first: Site) -> tuple[Location, ...]:
    """The lines of a draw that a batch or all devices share."""
    mapped, use = fact.data["mapped"], fact.data["use"]
    wrapped = getattr(mapped.site.callee, "node", None)
    return distinct(first, _of_shared(use.chain, mapped.site, wrapped, fact.data["origins"]))


def _of_shared(
    chain: Chain, mapped: Site, wrapped: ast.AST | None, origins: tuple[Site, ...]
) -> Iterator[Location]:
    for site in chain[::-1]:
        yield site.location()
    line = getattr(wrapped, "lineno", 0)
    if line:
        yield Location(mapped.path, line, 0, "", "the transformation")
    for site in origins:
        yield derived(site)


def of_chain(first: Site, chain: Chain, *others: Site | None) -> tuple[Location, ...]:
    """The lines of a chain of calls from its end, and further ones."""
    places = [site.location() for site in chain[::-1]]
    return distinct(first, [*(site.location() for site in others if site is not None), *places])


def distinct(first: Site, places: Iterable[Location]) -> tuple[Location, ...]:
    """Each line once, without that of the finding itself."""
    found: dict[tuple[str, int], Location] = {}
    for place in places:
        if place.line and (place.path, place.line) != (first.path, first.line):
            found.setdefault((place.path, place.line), place)
    return tuple(found.values())[:MOST]
