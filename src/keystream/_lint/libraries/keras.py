"""Keras: seeds that are integers, and layers with rates."""

from __future__ import annotations

import ast

from keystream._lint.calls import Calls
from keystream._lint.facts import text_of
from keystream._lint.libraries.rates import check_rate
from keystream._lint.registry import PREFIXES, Call, handles
from keystream._lint.values import Class, Made, Symbol, Value, constant_of, usual


def _random(reader: Calls, call: Call) -> Value | None:
    name = call.name.rpartition(".")[2]
    if name in ("SeedGenerator", "set_random_seed"):
        made = Made(
            "keras.random.SeedGenerator", call.args, call.keywords, call.node, reader.fresh("seeds")
        )
        start = call.argument(0, "seed")
        if isinstance(constant_of(start), int) and start is not None:
            key = reader.table.symbol("seed", start, "keras")
            reader.route(key, "seed", call.node)
            reader.store(made, "key", key)
            reader.store(made, "count", reader.table.constant(0))
        return made
    seed = call.keywords.get("seed")
    if isinstance(seed, Made) and seed.name == "keras.random.SeedGenerator":
        start, count = reader.load(seed, "key"), constant_of(reader.load(seed, "count"))
        if isinstance(start, Symbol) and isinstance(count, int):
            reader.store(seed, "count", reader.table.constant(count + 1))
            reader.use(reader.table.symbol("next", start, count), "draw", call.name, call.node)
        return reader.fresh(name)
    if isinstance(usual(seed), int) and _inside_layer(reader):
        reader.fact("keras_frozen", call.node, name=call.name, text=_said(call))
    elif isinstance(constant_of(seed), int) and seed is not None:
        key = reader.table.symbol("seed", seed, None)
        reader.use(key, "draw", call.name, call.node, text=f"seed={constant_of(seed)}")
    return reader.fresh(name)


def _inside_layer(reader: Calls) -> bool:
    """Whether the ``call`` of a layer is being read, which runs in each step."""
    for frame in reader.frames:
        owner = getattr(frame.owner, "owner", None)
        name = getattr(frame.node, "name", "")
        if name == "call" and isinstance(owner, Class) and reader.framework(owner) == "keras":
            return True
    return False


def _said(call: Call) -> str:
    node = call.node
    given = node.keywords if isinstance(node, ast.Call) else []
    return next((text_of(option.value) for option in given if option.arg == "seed"), "")


PREFIXES.append(("keras.random.", _random))


@handles(
    "keras.layers.Dropout",
    "keras.layers.SpatialDropout1D",
    "keras.layers.SpatialDropout2D",
    "keras.layers.GaussianDropout",
    "keras.layers.AlphaDropout",
)
def _dropout(reader: Calls, call: Call) -> Value:
    check_rate(reader, call.argument(0, "rate"), call.node, "keras.layers.Dropout")
    seed = constant_of(call.keywords.get("seed"))
    if isinstance(seed, int):
        reader.fact("keras_seed", call.node, seed=seed, layer=call.name)
    return Made(call.name, call.args, call.keywords, call.node, reader.fresh("layer"))
