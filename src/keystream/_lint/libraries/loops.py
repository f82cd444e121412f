"""JAX's control flow: loops are read twice, branches exclude each other."""

from __future__ import annotations

from keystream._lint.calls import Calls
from keystream._lint.names import (
    COND,
    FORI,
    MAP,
    SCAN,
    SWITCH,
    WHILE,
)
from keystream._lint.registry import Call, handles
from keystream._lint.values import (
    Mapping,
    Sequence,
    Symbol,
    Value,
    is_constant,
)


def _element(reader: Calls, tree: Value, number: int) -> Value:
    if isinstance(tree, Sequence):
        return Sequence([_element(reader, item, number) for item in tree.items])
    if isinstance(tree, Mapping):
        return Mapping(
            {name: _element(reader, item, number) for name, item in tree.items.items()},
            tree.complete,
        )
    if is_constant(tree):
        return tree
    return reader.elem(tree, number)


@handles(*SCAN)
def _scan(reader: Calls, call: Call) -> Value | None:
    function, carry, xs = call.argument(0, "f"), call.argument(1, "init"), call.argument(2, "xs")
    if function is None or carry is None:
        return None
    state: list[Value] = [carry]
    elements = xs if xs is not None else reader.table.constant(None)

    def body(number: int) -> Value:
        result = reader.call(
            function, [state[0], _element(reader, elements, number)], {}, call.node
        )
        if isinstance(result, Sequence) and len(result.items) == 2:
            state[0] = result.items[0]
            return result.items[1]
        state[0] = reader.fresh("carry")
        return reader.fresh("ys")

    outputs = reader.iterations(call.node, "scan", body)
    return Sequence([state[0], _stacked(reader, outputs)])


def _stacked(reader: Calls, outputs: Value) -> Value:
    if isinstance(outputs, Sequence):
        return Sequence([_stacked(reader, item) for item in outputs.items])
    return outputs if is_constant(outputs) else reader.fresh("ys", outputs)


@handles(*MAP)
def _map(reader: Calls, call: Call) -> Value | None:
    function, xs = call.argument(0, "f"), call.argument(1, "xs")
    if function is None or xs is None:
        return None
    return reader.fresh(
        "ys",
        reader.iterations(
            call.node,
            "map",
            lambda number: reader.call(function, [_element(reader, xs, number)], {}, call.node),
        ),
    )


@handles(*FORI)
def _fori(reader: Calls, call: Call) -> Value | None:
    low, high, function, start = (
        call.argument(i, n) for i, n in enumerate(("lower", "upper", "body_fun", "init_val"))
    )
    if function is None or start is None:
        return None
    state = [start]
    bounds = [value for value in (low, high) if isinstance(value, Symbol)]
    counter = reader.table.symbol("range", *bounds)

    def body(number: int) -> Value:
        state[0] = reader.call(
            function, [reader.table.symbol("elem", counter, number), state[0]], {}, call.node
        )
        return state[0]

    return reader.iterations(call.node, "fori_loop", body)


@handles(*WHILE)
def _while(reader: Calls, call: Call) -> Value | None:
    test, function, start = (
        call.argument(i, n) for i, n in enumerate(("cond_fun", "body_fun", "init_val"))
    )
    if function is None or start is None:
        return None
    state = [start]

    def body(number: int) -> Value:
        if test is not None:
            reader.call(test, [state[0]], {}, call.node)
        state[0] = reader.call(function, [state[0]], {}, call.node)
        return state[0]

    return reader.iterations(call.node, "while_loop", body)


@handles(*COND)
def _cond(reader: Calls, call: Call) -> Value | None:
    if len(call.args) < 3:
        return None
    _, yes, no, *operands = call.args
    if not operands and "operand" in call.keywords:
        operands = [call.keywords["operand"]]
    return _branches(reader, call, [yes, no], operands)


@handles(*SWITCH)
def _switch(reader: Calls, call: Call) -> Value | None:
    if len(call.args) < 2:
        return None
    _, branches, *operands = call.args
    if not isinstance(branches, Sequence):
        return None
    return _branches(reader, call, branches.items, operands)


def _branches(reader: Calls, call: Call, branches: list[Value], operands: list[Value]) -> Value:
    name = (
        "cond",
        call.node,
        len(reader.frames),
        tuple(turn.number for turn in reader.frame.turns),
    )
    results: list[Value] = []
    for number, branch in enumerate(branches):
        with reader.arm(name, number):
            results.append(reader.call(branch, list(operands), {}, call.node))
    return reader.join(results) if results else reader.fresh("cond")
