"""Haiku: transformed functions with one key, key sequences, ``hk.dropout``."""

from __future__ import annotations

import ast

from keystream._lint.calls import Calls
from keystream._lint.facts import text_of
from keystream._lint.frames import Streams
from keystream._lint.libraries.layers import evaluating
from keystream._lint.libraries.random import draw
from keystream._lint.libraries.rates import check_rate
from keystream._lint.registry import MADE, Call, handles, handles_method
from keystream._lint.values import Made, Sequence, Symbol, Value, constant_of, is_constant


@handles(
    "haiku.transform",
    "haiku.transform_with_state",
    "haiku.without_state",
    "haiku.without_apply_rng",
    "haiku.with_empty_state",
)
def _transform(reader: Calls, call: Call) -> Value | None:
    if not call.args:
        return None
    value = call.args[0]
    if call.name == "haiku.without_apply_rng" and isinstance(value, Made):
        return Made(
            "haiku.without_rng", value.args, value.keywords, call.node, reader.fresh("transformed")
        )
    if call.name in ("haiku.without_state", "haiku.with_empty_state"):
        return value
    state = call.name.endswith("with_state")
    return Made(
        "haiku.transformed",
        call.args,
        {"state": reader.table.constant(state)},
        call.node,
        reader.fresh("transformed"),
        reader.site(call.node),
    )


@handles_method("init")
def _init(reader: Calls, call: Call) -> Value | None:
    net = call.owner
    if not (isinstance(net, Made) and net.name in ("haiku.transformed", "haiku.without_rng")):
        return None
    rng = call.argument(0, "rng")
    _run(reader, call, rng, skip=1, kind="init")
    if rng is not None:
        reader.use(
            rng,
            "init",
            text_of(getattr(call.node, "func", None)),
            call.node,
            text=text_of(_node(call, 0)),
            extra=net,
        )
    if constant_of(net.keywords.get("state")):
        return Sequence([reader.fresh("params"), reader.fresh("state")])
    return reader.fresh("params")


def _node(call: Call, position: int) -> ast.AST | None:
    node = call.node
    if isinstance(node, ast.Call) and position < len(node.args):
        return node.args[position]
    return None


@handles_method("apply")
def _apply(reader: Calls, call: Call) -> Value | None:
    net = call.owner
    if not (isinstance(net, Made) and net.name in ("haiku.transformed", "haiku.without_rng")):
        return None
    stateful = constant_of(net.keywords.get("state")) is True
    place = 2 if stateful else 1
    rng = call.argument(place, "rng") if net.name == "haiku.transformed" else None
    skip = place + 1 if net.name == "haiku.transformed" else place
    if "rng" in call.keywords:
        skip = place
    result, drawn = _run(reader, call, rng, skip=skip, kind="apply")
    if rng is not None and drawn:
        reader.use(
            rng,
            "apply",
            text_of(getattr(call.node, "func", None)),
            call.node,
            text=text_of(_node(call, place)),
            extra=net,
        )
    return Sequence([result, reader.fresh("state")]) if stateful else result


def _run(
    reader: Calls, call: Call, rng: Value | None, *, skip: int, kind: str
) -> tuple[Value, bool]:
    net = call.owner
    assert isinstance(net, Made)
    site = reader.site(call.node)
    absent = rng is None or is_constant(rng)
    keys = {"rng": rng} if rng is not None and not absent else {}
    context = Streams(
        kind,
        keys,
        call.surely,
        single=True,
        site=site,
        chain=(*reader.chain, site),
        framework="haiku",
    )
    reader.streams.append(context)
    keywords = {name: value for name, value in call.keywords.items() if name != "rng"}
    try:
        result = reader.call(net.args[0], call.args[skip:], keywords, call.node)
    finally:
        reader.streams.pop()
    return result, bool(context.drawn)


@handles("haiku.next_rng_key", "haiku.maybe_next_rng_key", "haiku.next_rng_keys")
def _next(reader: Calls, call: Call) -> Value:
    context = reader.streams[-1] if reader.streams else None
    if context is None or context.framework != "haiku":
        return reader.fresh("rng")
    number = context.drawn["rng"] = context.drawn.get("rng", 0) + 1
    key = context.keys.get("rng")
    if not isinstance(key, Symbol) or context.kind == "init":
        return reader.fresh("rng")
    return reader.table.symbol("stream", key, "rng", number)


@handles("haiku.dropout")
def _dropout(reader: Calls, call: Call) -> Value | None:
    check_rate(reader, call.argument(1, "rate"), call.node, "hk.dropout", position=1)
    key = call.argument(0, "rng")
    if constant_of(call.argument(1, "rate")) == 0 or key is None:
        return None
    evaluating(reader, call.node, "hk.dropout")
    return draw(reader, key, call, "hk.dropout")


@handles("haiku.PRNGSequence")
def _sequence(reader: Calls, call: Call) -> Value:
    key = call.argument(0, "key_or_seed")
    if isinstance(key, Symbol) and key.op in ("const",):
        reader.fact("seed", call.node, seed=key, name=call.name, jitted=tuple(reader.jitted))
        key = reader.table.symbol("seed", key, None)
        reader.route(key, "seed", call.node)
    made = Made(
        "haiku.PRNGSequence",
        [key] if key is not None else [],
        {},
        call.node,
        reader.fresh("sequence"),
    )
    reader.store(made, "count", reader.table.constant(0))
    return made


def _next_of(reader: Calls, call: Call) -> Value:
    made = call.owner
    if not isinstance(made, Made) or not made.args or not isinstance(made.args[0], Symbol):
        return reader.fresh("next")
    count = constant_of(reader.load(made, "count"))
    if not isinstance(count, int) or (reader.frame.turns != () and count > 10_000):
        return reader.fresh("next")
    reader.store(made, "count", reader.table.constant(count + 1))
    return reader.table.symbol("next", made.args[0], count)


MADE["next:haiku.PRNGSequence"] = _next_of
