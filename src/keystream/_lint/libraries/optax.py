"""Optax: transformations that keep a key in their state, which `init` sets back."""

from __future__ import annotations

import ast

from keystream._lint.calls import Calls
from keystream._lint.dataflow import flow_of
from keystream._lint.excuses import is_written_out
from keystream._lint.registry import PREFIXES, Call, handles_method
from keystream._lint.values import Made, Mapping, Partial, Sequence, Value

_NOISY = frozenset(["add_noise", "noisy_sgd", "dpsgd", "differentially_private_aggregate"])


def _transformation(reader: Calls, call: Call) -> Value | None:
    name = call.name.rpartition(".")[2]
    if name in _NOISY:
        return Made("optax.noisy", [], {}, call.node, reader.fresh(name), reader.site(call.node))
    # a chain of transformations is as noisy as one of them
    return next(filter(None, map(_noisy, (*call.args, *call.keywords.values()))), None)


def _noisy(value: Value) -> Made | None:
    if isinstance(value, Made) and value.name == "optax.noisy":
        return value
    if isinstance(value, Sequence):
        return next(filter(None, map(_noisy, value.items)), None)
    if isinstance(value, Mapping):
        return next(filter(None, map(_noisy, value.items.values())), None)
    return _noisy(value.function) if isinstance(value, Partial) else None


PREFIXES.append(("optax.", _transformation))


@handles_method("init")
def _init(reader: Calls, call: Call) -> Value | None:
    """The state of a noisy optimiser begins anew in each turn of a loop."""
    made = call.owner
    if not (isinstance(made, Made) and made.name == "optax.noisy"):
        return None
    sites = [*reader.chain, reader.site(call.node)]
    turns = [turn for site in sites for turn in site.turns if turn.kind in ("for", "while")]
    inside = {turn.node for turn in made.place.turns}
    turns = [turn for turn in turns if turn.node not in inside]
    if turns and not _begins_anew(turns[-1].node, sites[-1].around):
        reader.fact("noise_rewound", call.node, made=made.place, turn=turns[-1])
    return reader.fresh("state")


def _begins_anew(loop: ast.AST, around: ast.AST | None) -> bool:
    """Whether a loop goes over settings, or hands nothing on, so that each turn is a run of its own."""
    if not isinstance(loop, ast.For | ast.AsyncFor):
        return False
    return is_written_out(loop.iter, around) or not flow_of(loop).carried
