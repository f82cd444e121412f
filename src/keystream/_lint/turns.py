"""Repeated uses in loops: seeds made in each turn, counters that begin again, keys that meet later."""

from __future__ import annotations

import ast
from typing import Any

from keystream._lint.facts import Repeat, Site
from keystream._lint.symbols import Child, Element, Read, Symbol
from keystream._lint.values import constant_of
from keystream._lint.walking import walk


def made_inside(repeat: Repeat, seeds: tuple[Site, ...]) -> bool:
    """Whether the seed is made again in each iteration."""
    turn = repeat.turn
    if turn is None:
        return False
    numbers: set[int] = set()
    for site in seeds:
        for here in site.turns:
            if here.node is turn.node:
                numbers.add(here.number)
    return len(numbers) > 1 or (
        len(seeds) > 1
        and not any(turn.node is here.node for site in seeds for here in site.turns)
        and repeated(seeds)
    )


def variables(loop: ast.AST) -> list[str]:
    """The variables that a loop binds."""
    if not isinstance(loop, ast.For | ast.AsyncFor | ast.comprehension):
        return []
    return [part.id for part in walk(loop.target) if isinstance(part, ast.Name)]


def depends_on_loop(seeds: tuple[Site, ...]) -> bool:
    """Whether the seed is computed from a loop's variable, and came out equal all the same."""
    for site in seeds[-1:]:
        bound = {name for turn in site.turns for name in variables(turn.node)}
        argument = site.node.args[0] if isinstance(site.node, ast.Call) and site.node.args else None
        if argument is not None and any(
            isinstance(part, ast.Name) and part.id in bound for part in walk(argument)
        ):
            return True
    return False


def repeated(seeds: tuple[Site, ...]) -> bool:
    return any(one.node is other.node for i, one in enumerate(seeds) for other in seeds[i + 1 :])


def rewound(repeat: Repeat) -> bool:
    """Whether an inner loop's counter, which begins again, is all that tells the keys apart."""
    key: Any = repeat.second.key
    if _unrolled(repeat):
        return True
    depth = 0
    while isinstance(key, Symbol) and depth < 20:
        if isinstance(key, Child) and counts(key.index):
            turns = repeat.second.chain[repeat.level].turns
            return bool(turns) and repeat.turn is not turns[-1]
        key = key.parent
        depth += 1
    return False


def _unrolled(repeat: Repeat) -> bool:
    """Whether the inner loop is of a few turns that are written out, each with its number."""
    turns = repeat.second.chain[repeat.level].turns
    nodes = [turn.node for turn in turns]
    if repeat.turn is None or repeat.turn.node not in nodes:
        return False
    inner = turns[nodes.index(repeat.turn.node) + 1 :]
    folded = any(kind == "fold" for kind, _ in repeat.routes)
    number = constant_of(repeat.second.key.index) if isinstance(repeat.second.key, Child) else None
    return folded and any(turn.number - 1 == number for turn in inner)


def of_state(datum: object) -> bool:
    """Whether a folded counter is kept in a state, which was not handed on."""
    return isinstance(datum, Symbol) and (isinstance(datum, Read) or any(map(of_state, datum.args)))


def neighbours(repeat: Repeat) -> tuple[Site, ...]:
    """Two places whose keys meet in different turns, as those of `t` and `t + 1` do."""
    key = repeat.second.key
    if repeat.turn is None or not isinstance(key, Child):
        return ()
    folds = {site.node: site for kind, site in repeat.routes if kind == "fold"}
    one, other = repeat.earlier, repeat.site
    if len(folds) > 1:
        here = all(site.path == other.path for site in folds.values())
        return tuple(folds.values()) if here else (other, one)
    if isinstance(key.index, Element) and one.node is not other.node:
        return (other, one)
    return ()


def counts(datum: Symbol) -> bool:
    return isinstance(datum, Element) or any(
        isinstance(part, Symbol) and counts(part) for part in datum.args
    )
