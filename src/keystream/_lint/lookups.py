"""Numbers that are looked up by a position: a key, and the position, give the same ones whenever asked.

A Brownian path halves the interval around a time, a noise field rounds a place to its corners. Both draw
from keys that the position picks, and positions that are near to each other share most of them.
"""

from __future__ import annotations

from keystream._lint.facts import Facts, Repeat, Site, Use
from keystream._lint.symbols import Called, Child, Join, Opaque, Operation, Symbol, Value
from keystream._lint.values import root_of

_COMPARES = ("Lt", "LtE", "Gt", "GtE")


def is_looked_up(repeat: Repeat, facts: Facts) -> bool:
    """Whether the call that draws alike in two turns draws from keys that a position picks, too."""
    if repeat.turn is None or len(repeat.second.chain) <= repeat.level + 1:
        return False
    call = repeat.second.chain[: repeat.level + 1]
    beside = facts.draws.get(origin_of(repeat.second.key), ())
    return any(_is_of(use, call) and _is_picked(use.key) for use in beside)


def origin_of(key: Symbol) -> Symbol:
    """The root of a key; of one of several that a branch chose, that of the first."""
    root = root_of(key)
    while isinstance(root, Join):
        root = root_of(root.choices[0])
    return root


def _is_of(use: Use, call: tuple[Site, ...]) -> bool:
    """Whether a draw is made in a call."""
    return [site.node for site in use.chain[: len(call)]] == [site.node for site in call]


def _is_picked(key: Symbol) -> bool:
    """Whether what a key was derived with is computed of a position; a counter is not."""
    while isinstance(key, Child):
        if _is_computed(key.index):
            return True
        key = key.key
    return isinstance(key, Join)


def _is_computed(datum: Value) -> bool:
    match datum:
        case Operation(operator, parts):
            return operator in _COMPARES or any(map(_is_computed, parts))
        case _:
            return isinstance(datum, Called | Opaque)
