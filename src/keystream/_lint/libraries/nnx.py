"""Flax NNX: Rngs, whose counters advance, Dropout, and transformations that split or copy them."""

from __future__ import annotations

import ast

from keystream._lint.calls import Calls
from keystream._lint.facts import Fact
from keystream._lint.libraries.layers import check_flag, evaluating, is_off, off_in_training, truth
from keystream._lint.libraries.rates import check_rate
from keystream._lint.registry import MADE, PREFIXES, Call, handles, handles_method
from keystream._lint.values import (
    Function,
    Instance,
    Made,
    Reference,
    Sequence,
    Symbol,
    Value,
    Wrapped,
    constant_of,
    is_constant,
)


@handles("flax.nnx.Rngs")
def _rngs(reader: Calls, call: Call) -> Value:
    default = call.argument(0, "default")
    symbol: Symbol = reader.fresh("rngs")
    streams = {
        name: value for name, value in call.keywords.items() if name not in ("default", "**")
    }
    if default is not None:
        streams["default"] = default
    seeds: dict[object, str] = {}
    for name, value in streams.items():
        plain = constant_of(value)
        token: object = (
            plain if isinstance(plain, int) else id(value) if isinstance(value, Symbol) else None
        )
        if token is None:
            continue
        if token in seeds and "default" not in (name, seeds[token]):
            reader.fact(
                "twin_streams", call.node, names=(seeds[token], name), kind="Rngs", key=value
            )
        seeds.setdefault(token, name)
    made = Made(
        "flax.nnx.Rngs", call.args, call.keywords, call.node, symbol, reader.site(call.node)
    )
    if default is not None and isinstance(constant_of(default), int) and len(streams) == 1:
        key = reader.table.symbol("seed", default, "nnx")
        reader.route(key, "seed", call.node)
        reader.store(made, "key", key)
        reader.store(made, "count", reader.table.constant(0))
    reader.fact(
        "rngs_made",
        call.node,
        seed=default,
        made=made,
        jitted=tuple(reader.jitted),
        turns=reader.frame.turns,
    )
    if isinstance(default, Symbol) and default.op in ("child", "seed", "stream"):
        reader.use(default, "layer", "nnx.Rngs", call.node, text="")
    return made


def _next_key(reader: Calls, call: Call) -> Value:
    """``rngs()``, ``rngs.dropout()``: a fresh key each time."""
    _unsplit(reader, call)
    return _advance(reader, call.owner) or reader.fresh("stream")


def _advance(reader: Calls, rngs: Value | None) -> Symbol | None:
    """The next key of an Rngs that starts from a literal."""
    start = reader.load(rngs, "key") if isinstance(rngs, Made) else None
    count = constant_of(reader.load(rngs, "count")) if isinstance(rngs, Made) else None
    if not isinstance(start, Symbol) or not isinstance(count, int) or rngs is None or reader.mapped:
        return None
    reader.store(rngs, "count", reader.table.constant(count + 1))
    return reader.table.symbol("next", start, count)


def _layer(reader: Calls, call: Call) -> Value | None:
    name = call.name.rpartition(".")[2]
    if name not in _LAYERS:
        return None
    rngs = call.keywords.get("rngs")
    _shared(reader, rngs, call.node)
    key = _advance(reader, rngs)
    turns = reader.frame.turns
    if key is not None and turns and turns[-1].kind == "comprehension":
        reader.use(key, "layer", f"nnx.{name}", call.node)
    return Made("nnx.layer", call.args, call.keywords, call.node, reader.fresh("layer"))


_LAYERS = frozenset(
    [
        "Linear",
        "LinearGeneral",
        "Conv",
        "ConvTranspose",
        "Embed",
        "Einsum",
        "MultiHeadAttention",
        "LSTMCell",
        "GRUCell",
    ]
)
PREFIXES.append(("flax.nnx.", _layer))


@handles("flax.nnx.split")
def _split(reader: Calls, call: Call) -> Value | None:
    if not call.args or not isinstance(call.args[0], Instance | Made):
        return None
    graph = Made("nnx.graph", [call.args[0]], {}, call.node, reader.fresh("graph"))
    count = max(2, len(call.args))
    return Sequence([graph, *(reader.fresh("state") for _ in range(count - 1))])


@handles("flax.nnx.merge")
def _merge(reader: Calls, call: Call) -> Value | None:
    graph = call.args[0] if call.args else None
    if isinstance(graph, Made) and graph.name == "nnx.graph":
        return graph.args[0]
    return None


def _counts(reader: Calls, call: Call) -> None:
    """A draw under plain `jax.jit`: the counter advances inside, and must be returned."""
    if not reader.jitted or reader.mapped:
        return
    site = reader.jitted[-1]
    wrapped = site.callee
    if not (
        isinstance(wrapped, Wrapped)
        and wrapped.name == "jax.jit"
        and isinstance(wrapped.function, Function)
    ):
        return
    if not isinstance(site.node, ast.Call):
        return
    names = {
        part.attr for part in ast.walk(wrapped.function.node) if isinstance(part, ast.Attribute)
    }
    if names & {"split", "state", "pop", "update", "to_tree", "Rngs", "reseed", "fork", "clone"} - {
        "update"
    }:
        return
    if "merge" not in names:
        return
    reader.fact("counts_lost", site.node, drawn=reader.site(call.node))


def _unsplit(reader: Calls, call: Call) -> None:
    """A draw advances the counter of an Rngs that is not the lane's own."""
    _counts(reader, call)
    _shared(reader, call.owner, call.node)


def _shared(reader: Calls, owner: Value | None, node: ast.AST) -> None:
    if not isinstance(owner, Made):
        return
    tags = owner.symbol.tags
    for mapped in reader.mapped:
        if ("lane", mapped.depth) not in tags and not reader.hushed:
            name = ("shared", mapped.site.node)
            if name in reader.reported:
                continue
            reader.reported.add(name)
            reader.facts.facts.append(
                Fact(
                    "shared_rngs",
                    mapped.site,
                    mapped.chain,
                    {"mapped": mapped, "drawn": reader.site(node)},
                )
            )


MADE["flax.nnx.Rngs"] = _next_key


@handles_method(
    "params", "dropout", "noise", "default", "carry", "sampling", "normal", "uniform", "bernoulli"
)
def _stream(reader: Calls, call: Call) -> Value | None:
    if isinstance(call.owner, Made) and call.owner.name == "flax.nnx.Rngs":
        return _next_key(reader, call)
    return None


@handles("flax.nnx.Dropout", "keystream.nnx.Dropout")
def _dropout(reader: Calls, call: Call) -> Value:
    check_rate(reader, call.argument(0, "rate"), call.node, "nnx.Dropout")
    check_flag(reader, call.node, "deterministic")
    return Made(
        "flax.nnx.Dropout",
        call.args,
        call.keywords,
        call.node,
        reader.fresh("dropout", *call.keywords.values()),
        reader.site(call.node),
    )


def _dropped(reader: Calls, call: Call) -> Value | None:
    made = call.owner
    assert isinstance(made, Made)
    rate = made.args[0] if made.args else made.keywords.get("rate")
    mode = call.argument(1, "deterministic")
    if mode is None or (is_constant(mode) and constant_of(mode) is None):
        mode = made.keywords.get("deterministic")
    check_flag(reader, call.node, "deterministic")
    if is_off(rate, mode):
        if truth(mode) is True:
            off_in_training(reader, made, call.node, rate=constant_of(rate))
        return call.argument(0, "inputs")
    if _evaluates(reader):
        return call.argument(0, "inputs")
    if truth(mode) is not True and constant_of(rate, 0.5) != 0:
        evaluating(reader, call.node, "nnx.Dropout")
    given = call.argument(2, "rngs")
    if given is None and call.surely:
        _unsplit(reader, call)
    key = _advance(reader, given if given is not None else None)
    if key is not None:
        reader.use(key, "draw", "nnx.Dropout", call.node)
    return reader.fresh("dropped")


def _evaluates(reader: Calls) -> bool:
    """Whether a model that is being called was switched to evaluation."""
    for frame in reader.frames:
        model = frame.scope.names.get("self")
        if isinstance(model, Instance):
            mode = reader.load(model.symbol, "__mode__")
            if mode is not None and constant_of(mode) != "train":
                return True
    return False


MADE["flax.nnx.Dropout"] = _dropped


@handles_method("eval", "train")
def _mode(reader: Calls, call: Call) -> Value | None:
    owner = call.owner
    if isinstance(owner, Instance) and reader.framework(owner.cls) == "nnx":
        return _switch(reader, owner, call, call.name)
    return None


@handles_method("set_attributes")
def _set_attributes(reader: Calls, call: Call) -> Value | None:
    owner, mode = call.owner, truth(call.keywords.get("deterministic"))
    if isinstance(owner, Instance) and reader.framework(owner.cls) == "nnx" and mode is not None:
        return _switch(reader, owner, call, "eval" if mode else "train")
    return None


def _switch(reader: Calls, model: Instance, call: Call, mode: str) -> Value:
    reader.store(model.symbol, "__mode__", reader.table.constant(mode))
    site = Symbol("site", (reader.site(call.node),), frozenset())
    reader.store(model.symbol, "__switched__", site)
    return reader.table.constant(None)


_TYPES = (Reference,)
