"""Equinox's states: what a stateful layer counts, which a caller has to hand on."""

from __future__ import annotations

from keystream._lint.calls import Calls
from keystream._lint.registry import MADE, Call, handles, handles_method
from keystream._lint.values import Class, Made, Sequence, Symbol, Value

_INDEX = "equinox.nn.StateIndex"


@handles(_INDEX)
def _index(reader: Calls, call: Call) -> Value:
    return Made(_INDEX, call.args, call.keywords, call.node, reader.fresh("index"))


@handles("equinox.nn.make_with_state")
def _make(reader: Calls, call: Call) -> Value | None:
    cls = call.argument(0, "make_model")
    if not isinstance(cls, Class):
        return None
    return Made("make_with_state", [cls], {}, call.node, reader.fresh("maker"))


def _made(reader: Calls, call: Call) -> Value | None:
    maker = call.owner
    if not isinstance(maker, Made):
        return None
    model = reader.call(maker.args[0], call.args, call.keywords, call.node)
    return Sequence([model, reader.fresh("state")])


MADE["make_with_state"] = _made


@handles_method("get")
def _get(reader: Calls, call: Call) -> Value | None:
    index, state = _indexed(call), call.owner
    if index is None or not isinstance(state, Symbol):
        return None
    while state.op == "state_set":
        if state.args[1] is index.symbol:
            return state.args[2]
        state = state.args[0]
    return reader.table.symbol("state", state, index.symbol)


@handles_method("set")
def _set(reader: Calls, call: Call) -> Value | None:
    index, state = _indexed(call), call.owner
    if index is None or not isinstance(state, Symbol) or len(call.args) < 2:
        return None
    value = call.args[1]
    if not isinstance(value, Symbol):
        value = reader.fresh("value")
    return reader.table.symbol("state_set", state, index.symbol, value)


def _indexed(call: Call) -> Made | None:
    index = call.args[0] if call.args else None
    return index if isinstance(index, Made) and index.name == _INDEX else None
