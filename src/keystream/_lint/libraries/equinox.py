"""Equinox: layers that take ``key=``, Dropout, inference mode."""

from __future__ import annotations

from keystream._lint.calls import Calls
from keystream._lint.libraries.layers import check_flag, check_rate, evaluating, is_off
from keystream._lint.libraries.random import draw, key_text
from keystream._lint.registry import MADE, PREFIXES, Call, handles
from keystream._lint.values import Instance, Made, Symbol, Value, Wrapped, constant_of, is_constant

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
    if is_off(rate, mode):
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
        return Made("inference", call.args, call.keywords, call.node, reader.fresh("inference"))
    if name not in KEYED:
        return None
    key = call.keywords.get("key")
    if isinstance(key, Symbol):
        reader.use(key, "layer", f"eqx.nn.{name}", call.node, text=key_text(call, 99, "key"))
    return Made("equinox.layer", call.args, call.keywords, call.node, reader.fresh("layer"))


PREFIXES.append(("equinox.nn.", _layer))


@handles("equinox.tree_inference")
def _inference(reader: Calls, call: Call) -> Value | None:
    if constant_of(call.argument(1, "value")) is True:
        return Made("inference", call.args[:1], {}, call.node, reader.fresh("inference"))
    return call.args[0] if call.args else None


@handles("equinox.apply_updates", "optax.apply_updates", "equinox.tree_at", "equinox.error_if")
def _updated(reader: Calls, call: Call) -> Value | None:
    value = (
        call.args[1] if call.name.endswith("tree_at") and len(call.args) > 1 else call.argument(0)
    )
    if isinstance(value, Instance | Made) and not call.name.endswith("tree_at"):
        return value
    return None


def note_gradient(reader: Calls, call: Call) -> None:
    """A gradient is taken: of a model in inference mode, dropout is off in training."""
    wrapped = call.owner
    if not (isinstance(wrapped, Wrapped) and call.args):
        return
    model = call.args[0]
    if isinstance(model, Made) and model.name == "inference" and "equinox" in wrapped.name:
        reader.fact("trains_in_inference", call.node, made=model)
    if isinstance(model, Instance):
        mode = reader.load(model.symbol, "__mode__")
        if mode is not None and constant_of(mode) == "eval":
            reader.fact("trains_in_eval", call.node, model=model)
