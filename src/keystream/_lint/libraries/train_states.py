"""Flax's train states: what `create` is given, and what a step makes of it."""

from __future__ import annotations

from keystream._lint.calls import Calls
from keystream._lint.registry import Call, handles, handles_method
from keystream._lint.values import (
    Made,
    Value,
)


@handles_method("create")
def _create(reader: Calls, call: Call) -> Value | None:
    if "apply_fn" not in call.keywords and "params" not in call.keywords:
        return None
    made = Made(
        "flax.training.train_state.TrainState",
        [],
        dict(call.keywords),
        call.node,
        reader.fresh("state"),
    )
    _fill(reader, made)
    return made


@handles("flax.training.train_state.TrainState.create")
def _create_directly(reader: Calls, call: Call) -> Value | None:
    return _create(reader, call)


def _fill(reader: Calls, made: Made) -> None:
    for name, value in made.keywords.items():
        if name != "**":
            reader.store(made, name, value)
    for name in ("step", "opt_state"):
        if name not in made.keywords:
            reader.store(made, name, reader.fresh(name))


@handles_method("apply_gradients", "replace")
def _updated(reader: Calls, call: Call) -> Value | None:
    owner = call.owner
    if not (isinstance(owner, Made) and owner.name == "flax.training.train_state.TrainState"):
        return None
    keywords = {
        **owner.keywords,
        **{n: v for n, v in call.keywords.items() if n not in ("grads", "**")},
    }
    for name in ("params", "batch_stats"):
        if name in keywords and name not in call.keywords:
            keywords[name] = reader.fresh(name)
    made = Made(owner.name, [], keywords, call.node, reader.fresh("state"))
    _fill(reader, made)
    if (
        call.name == "replace"
        and (step := reader.load(owner, "step")) is not None
        and "step" not in keywords
    ):
        reader.store(made, "step", step)
    return made
