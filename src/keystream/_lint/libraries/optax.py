"""Optax: transformations that keep a key in their state, which `init` sets back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call
from keystream._lint.meaning import SETTINGS
from keystream._lint.symbols import Value
from keystream._lint.values import Made, Mapping, Partial, Sequence

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

NOISY = "optax.noisy"  # a transformation with a key in its state
_RESTARTS = re.compile(r"restart|seed|trial|run|rep|fold|member|arm", re.IGNORECASE)


def chained(reader: Reader, call: Call) -> Value | None:
    """A chain of transformations is as noisy as one of them."""
    del reader
    return next(filter(None, map(_noisy, (*call.args, *call.keywords.values()))), None)


def _noisy(value: Value) -> Made | None:
    match value:
        case Made(name=name) if name == NOISY:
            return value
        case Sequence():
            return next(filter(None, map(_noisy, value.items)), None)
        case Mapping():
            return next(filter(None, map(_noisy, value.items.values())), None)
        case Partial():
            return _noisy(value.function)
        case _:
            return None


def init(reader: Reader, call: Call) -> Value:
    """The state of a noisy optimiser begins anew in each turn of a loop."""
    made = call.owner
    assert isinstance(made, Made)
    sites = [*reader.chain, reader.site(call.node)]
    inside = {turn.node for turn in made.place.turns}
    turns = [
        turn
        for site in sites
        for turn in site.turns
        if turn.kind in ("for", "while") and turn.node not in inside
    ]
    if turns and not _is_comparison(turns[-1].node):
        reader.fact("noise_rewound", call.node, made=made.place, turn=turns[-1])
    return reader.fresh("state")


def _is_comparison(loop: object) -> bool:
    """Whether a loop goes over settings or restarts, each of which begins anew on purpose."""
    target = getattr(loop, "target", None)
    name = getattr(target, "id", "")
    return bool(SETTINGS.search(name) or _RESTARTS.search(name))
