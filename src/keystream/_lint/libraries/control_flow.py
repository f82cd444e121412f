"""JAX's control flow: loops are read twice, branches exclude each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call
from keystream._lint.symbols import Element, Range, Symbol, Value
from keystream._lint.values import Mapping, Sequence, is_constant

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


def scan(reader: Reader, call: Call) -> Value | None:
    """``scan(f, init, xs)``: f takes and returns the carry."""
    function, start, xs = call.argument(0, "f"), call.argument(1, "init"), call.argument(2, "xs")
    if function is None or start is None:
        return None
    state = start
    elements = xs if xs is not None else reader.table.constant(None)

    def body(number: int) -> Value:
        nonlocal state
        result = reader.calls.call(
            function, [state, _element(reader, elements, number)], {}, call.node
        )
        if isinstance(result, Sequence) and len(result.items) == 2:
            state, output = result.items
            return output
        state = reader.fresh("carry")
        return reader.fresh("ys")

    outputs = reader.calls.iterations(call.node, "scan", body)
    return Sequence([state, _stacked(reader, outputs)])


def mapped(reader: Reader, call: Call) -> Value | None:
    """``lax.map(f, xs)``."""
    function, xs = call.argument(0, "f"), call.argument(1, "xs")
    if function is None or xs is None:
        return None

    def body(number: int) -> Value:
        return reader.calls.call(function, [_element(reader, xs, number)], {}, call.node)

    return reader.fresh("ys", reader.calls.iterations(call.node, "lax_map", body))


def fori_loop(reader: Reader, call: Call) -> Value | None:
    """``fori_loop(lower, upper, body_fun, init_val)``."""
    function, start = call.argument(2, "body_fun"), call.argument(3, "init_val")
    if function is None or start is None:
        return None
    state = start
    bounds = (call.argument(0, "lower"), call.argument(1, "upper"))
    counter = reader.table.symbol(Range, tuple(b for b in bounds if isinstance(b, Symbol)))

    def body(number: int) -> Value:
        nonlocal state
        turn = reader.table.symbol(Element, counter, number)
        state = reader.calls.call(function, [turn, state], {}, call.node)
        return state

    return reader.calls.iterations(call.node, "fori_loop", body)


def while_loop(reader: Reader, call: Call) -> Value | None:
    """``while_loop(cond_fun, body_fun, init_val)``."""
    test, function = call.argument(0, "cond_fun"), call.argument(1, "body_fun")
    start = call.argument(2, "init_val")
    if function is None or start is None:
        return None
    state = start

    def body(number: int) -> Value:
        del number
        nonlocal state
        if test is not None:
            reader.calls.call(test, [state], {}, call.node)
        state = reader.calls.call(function, [state], {}, call.node)
        return state

    return reader.calls.iterations(call.node, "while_loop", body)


def cond(reader: Reader, call: Call) -> Value | None:
    """``cond(test, yes, no, *operands)``."""
    if len(call.args) < 3:
        return None
    _, yes, no, *operands = call.args
    if not operands and "operand" in call.keywords:
        operands = [call.keywords["operand"]]
    return _branches(reader, call, [yes, no], operands)


def switch(reader: Reader, call: Call) -> Value | None:
    """``switch(index, branches, *operands)``."""
    if len(call.args) < 2:
        return None
    _, branches, *operands = call.args
    if not isinstance(branches, Sequence):
        return None
    return _branches(reader, call, branches.items, operands)


def _branches(reader: Reader, call: Call, branches: list[Value], operands: list[Value]) -> Value:
    turns = tuple(turn.number for turn in reader.frame.turns)
    name = ("cond", call.node, len(reader.frames), turns)
    results: list[Value] = []
    for number, branch in enumerate(branches):
        with reader.arm(name, number):
            results.append(reader.calls.call(branch, list(operands), {}, call.node))
    return reader.containers.join(results) if results else reader.fresh("cond")


def _element(reader: Reader, tree: Value, number: int) -> Value:
    """What one turn is given of a tree of stacked arrays."""
    if isinstance(tree, Sequence):
        return Sequence([_element(reader, item, number) for item in tree.items])
    if isinstance(tree, Mapping):
        items = {name: _element(reader, item, number) for name, item in tree.items.items()}
        return Mapping(items, tree.complete)
    return tree if is_constant(tree) else reader.iteration.elem(tree, number)


def _stacked(reader: Reader, outputs: Value) -> Value:
    if isinstance(outputs, Sequence):
        return Sequence([_stacked(reader, item) for item in outputs.items])
    return outputs if is_constant(outputs) else reader.fresh("ys", outputs)
