"""Equinox: layers that take ``key=``, Dropout, inference mode."""

from __future__ import annotations

import ast

from keystream._lint.calls import Calls
from keystream._lint.libraries.layers import check_flag, evaluating, is_off
from keystream._lint.libraries.random import draw, key_text
from keystream._lint.libraries.rates import check_rate
from keystream._lint.machine import exclusive
from keystream._lint.registry import MADE, PREFIXES, Call, handles
from keystream._lint.values import (
    Instance,
    Made,
    Switched,
    Symbol,
    Value,
    Wrapped,
    constant_of,
    is_constant,
)

KEYED = frozenset(
    [
        "Linear",
        "Conv",
        "Conv1d",
        "Conv2d",
        "Conv3d",
        "ConvTranspose",
        "ConvTranspose1d",
        "ConvTranspose2d",
        "ConvTranspose3d",
        "GRUCell",
        "LSTMCell",
        "MLP",
        "Embedding",
        "MultiheadAttention",
    ]
)


@handles("equinox.nn.Dropout", "keystream.equinox.Dropout")
def _dropout(reader: Calls, call: Call) -> Value:
    check_rate(reader, call.argument(0, "p", "rate"), call.node, "eqx.nn.Dropout")
    check_flag(reader, call.node, "inference")
    return Made(
        "equinox.nn.Dropout",
        call.args,
        call.keywords,
        call.node,
        reader.fresh("dropout"),
        reader.site(call.node),
    )


def _dropped(reader: Calls, call: Call) -> Value | None:
    made = call.owner
    assert isinstance(made, Made)
    rate = made.args[0] if made.args else made.keywords.get("p")
    mode = call.keywords.get("inference")
    if mode is None:
        mode = made.keywords.get("inference")
    check_flag(reader, call.node, "inference")
    if is_off(rate, mode) or (mode is None and in_inference(reader)):
        return call.argument(0, "x")
    key = call.keywords.get("key")
    if key is None or (is_constant(key) and constant_of(key) is None):
        return reader.fresh("dropped")
    if not isinstance(key, Symbol) or key.op != "join":  # a key or None is for either mode
        evaluating(reader, call.node, "eqx.nn.Dropout")
    return draw(reader, key, call, "eqx.nn.Dropout", position=99)


MADE["equinox.nn.Dropout"] = _dropped


def _layer(reader: Calls, call: Call) -> Value | None:
    name = call.name.rpartition(".")[2]
    if name == "inference_mode":
        return _switched(reader, call, call.argument(1, "value"), usual=True)
    if name not in KEYED:
        return None
    key = call.keywords.get("key")
    if isinstance(key, Symbol):
        reader.use(key, "layer", f"eqx.nn.{name}", call.node, text=key_text(call, 99, "key"))
    return Made("equinox.layer", call.args, call.keywords, call.node, reader.fresh("layer"))


PREFIXES.append(("equinox.nn.", _layer))


@handles("equinox.tree_inference")
def _inference(reader: Calls, call: Call) -> Value | None:
    return _switched(reader, call, call.argument(1, "value"), usual=False)


def _switched(reader: Calls, call: Call, value: Value | None, *, usual: bool) -> Value | None:
    """A copy of a model in inference mode, or back in training mode."""
    model = call.args[0] if call.args else None
    if isinstance(model, Made) and model.name == "inference" and model.args:
        model = model.args[0]
    on = usual if value is None else constant_of(value)
    mode = Switched(reader.site(call.node), tuple(reader.arms)) if on is True else None
    if isinstance(model, Instance):
        return Instance(model.cls, model.symbol, model.known, mode)
    if mode is None or model is None:
        return model
    return Made("inference", [model], {}, call.node, reader.fresh("inference"), mode)


@handles("equinox.apply_updates", "optax.apply_updates", "equinox.error_if")
def _updated(reader: Calls, call: Call) -> Value | None:
    del reader
    value = call.argument(0)
    return value if isinstance(value, Instance | Made) else None


def note_gradient(reader: Calls, call: Call) -> None:
    """A gradient is taken: of a model in inference mode, dropout is off in training."""
    wrapped = call.owner
    if not (isinstance(wrapped, Wrapped) and call.args):
        return
    model = call.args[0]
    mode = model.switched if isinstance(model, Instance) else None
    if isinstance(model, Made) and model.name == "inference" and "equinox" in wrapped.name:
        mode = model.place
    if (
        isinstance(mode, Switched)
        and not exclusive(mode.arms, tuple(reader.arms))
        and _drops(model, reader.scope.unit.tree)
    ):
        reader.fact("trains_in_inference", call.node, switched=mode.site)
    if isinstance(model, Instance):
        mode = reader.load(model.symbol, "__mode__")
        if isinstance(mode, Symbol) and "eval" in map(constant_of, (mode, *_choices(mode))):
            switched = reader.load(model.symbol, "__switched__")
            site = switched.args[0] if isinstance(switched, Symbol) else None
            reader.fact("trains_in_eval", call.node, switched=site)


def _drops(model: Value, tree: ast.AST) -> bool:
    """Whether a model may have dropout: not one of a file that never says so."""
    if isinstance(model, Instance) and model.cls.scope.unit.tree is not tree:
        return True
    return any(
        "ropout" in (part.attr if isinstance(part, ast.Attribute) else part.id)
        for part in ast.walk(tree)
        if isinstance(part, ast.Attribute | ast.Name)
    )


def _choices(value: Symbol) -> tuple[Value, ...]:
    return value.args if value.op == "join" else ()


def in_inference(reader: Calls) -> bool:
    """Whether a model that is being called was put in inference mode."""
    models = (frame.scope.names.get("self") for frame in reader.frames)
    return any(isinstance(model, Instance) and model.switched is not None for model in models)
