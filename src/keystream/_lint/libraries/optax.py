"""Optax: transformations that keep a key in their state, which `init` sets back."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._evidence.loops import body_of, state_of
from keystream._evidence.settings import written_out
from keystream._lint.libraries.call import Call
from keystream._lint.symbols import Value
from keystream._lint.values import Made, Mapping, Partial, Sequence

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

NOISY = "optax.noisy"  # a transformation with a key in its state


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
    if turns and not _begins_anew(turns[-1].node, sites[-1].around):
        reader.fact("noise_rewound", call.node, made=made.place, turn=turns[-1])
    return reader.fresh("state")


def _begins_anew(loop: ast.AST, around: ast.AST | None) -> bool:
    """Whether a loop goes over settings, or hands nothing on, so that each turn is a run of its own."""
    if not isinstance(loop, ast.For | ast.AsyncFor):
        return False
    if not isinstance(around, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        return written_out(loop.iter, around)
    return written_out(loop.iter, around) or not state_of(body_of(loop, around))
