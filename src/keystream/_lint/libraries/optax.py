"""Optax: transformations that keep a key in their state, which `init` sets back."""

from __future__ import annotations

import re

from keystream._lint.calls import Calls
from keystream._lint.meaning import SETTINGS
from keystream._lint.registry import PREFIXES, Call, handles_method
from keystream._lint.values import Made, Mapping, Partial, Sequence, Value

_NOISY = frozenset(["add_noise", "noisy_sgd", "dpsgd", "differentially_private_aggregate"])
_RESTARTS = re.compile(r"restart|seed|trial|run|rep|fold|member|arm", re.IGNORECASE)


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
    if turns and not _is_comparison(turns[-1].node):
        reader.fact("noise_rewound", call.node, made=made.place, turn=turns[-1])
    return reader.fresh("state")


def _is_comparison(loop: object) -> bool:
    """Whether a loop goes over settings or restarts, each of which begins anew on purpose."""
    target = getattr(loop, "target", None)
    name = getattr(target, "id", "")
    return bool(SETTINGS.search(name) or _RESTARTS.search(name))
