"""Supplies of keys that run out or begin again: cycles, generators, indices beyond the last key."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._lint.counting import is_counter
from keystream._lint.libraries.call import Call
from keystream._lint.libraries.unordered import are_keys
from keystream._lint.symbols import (
    Attribute,
    Called,
    Constant,
    Element,
    Operation,
    Option,
    Parameter,
    Range,
    Stack,
    Symbol,
    Value,
)
from keystream._lint.values import Made, constant_of, usual

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


def cycle(reader: Reader, call: Call) -> Value | None:
    """``itertools.cycle(keys)``."""
    value = call.argument(0)
    return call.made(reader, "cycle", [value]) if value is not None and are_keys(value) else None


def _note(reader: Reader, made: Made, node: ast.AST) -> None:
    keys = made.args[0]
    origins = reader.origins(keys) if isinstance(keys, Symbol) else ()
    reader.fact("keys_cycled", node, made=made.place, origins=origins)


def next_of_cycle(reader: Reader, call: Call) -> Value:
    """``next(cycle)``, which begins again in a loop that is long enough."""
    assert isinstance(call.owner, Made)
    if any(site.turns for site in (*reader.chain, reader.site(call.node))):
        _note(reader, call.owner, call.node)
    return reader.fresh("next")


def check_loop(reader: Reader, node: ast.AST, iterable: Value) -> None:
    """Note a loop over keys that begin again."""
    parts = iterable.args if isinstance(iterable, Made) and iterable.name == "zip" else [iterable]
    for part in parts:
        if isinstance(part, Made) and part.name == "cycle":
            _note(reader, part, getattr(node, "iter", node))


def next_of_generator(reader: Reader, call: Call) -> Value:
    """``next(generator)`` of a function that is read: what it yields next."""
    made = call.owner
    assert isinstance(made, Made)
    count = constant_of(reader.load(made, "count"), 0)
    if not isinstance(count, int) or count >= len(made.args):
        return reader.fresh("next")
    reader.store(made, "count", reader.table.constant(count + 1))
    return made.args[count]


def check_index(reader: Reader, node: ast.Subscript, owner: Value, index: Value) -> None:
    """Note an index that goes beyond the keys that there are, or wraps around them."""
    if not (isinstance(owner, Stack) and isinstance(index, Symbol)):
        return
    made = [site for kind, site in reader.routes.get(owner, ()) if kind == "split"]
    here = reader.site(node)
    if not made or (made[-1].around is here.around and made[-1].turns == here.turns and here.turns):
        return  # the keys are made anew in each turn
    how = "wraps" if _wraps(owner, index) else "ends" if _runs_out(owner, index) else ""
    if how:
        reader.fact("keys_run_out", node, how=how, origins=reader.origins(owner))


def _wraps(stack: Stack, index: Symbol) -> bool:
    match index:
        case Operation("Mod", (counter, number)) if is_counter(counter) and _is_count(
            stack, number
        ):
            last, count = _last(counter), usual(stack.count)
            return not (isinstance(last, int) and isinstance(count, int) and last < count)
        case _:
            return False


def _runs_out(stack: Stack, index: Symbol) -> bool:
    shift = 0
    match index:
        case Operation("Add", (first, Constant(int() as shift))):
            index = first
        case _:
            pass
    if shift < 0 or not is_counter(index):
        return False
    last, count = _last(index), usual(stack.count)
    if isinstance(last, int):
        return isinstance(count, int) and last + shift >= count
    stop = _stop(index)
    if _is_count(stack, stop):
        return shift > 0
    match stop:
        case Operation("Add", (one, other)):
            pairs = ((one, other), (other, one))
            return any(_is_count(stack, part) and _is_amount(more) for part, more in pairs)
        case _:
            return False


def _is_amount(value: Value) -> bool:
    if not isinstance(value, Symbol):
        return False
    number = usual(value, 1)
    return (
        isinstance(number, int)
        and number > 0
        and isinstance(value, Constant | Parameter | Attribute | Option)
    )


def _is_count(stack: Stack, value: Value | None) -> bool:
    """Whether a value is the number of keys."""
    if isinstance(value, Called) and value.function == "builtins.len":
        return value.arguments == (stack,)
    return value is stack.count


def _stop(counter: Element) -> Value | None:
    bounds = counter.iterable.bounds if isinstance(counter.iterable, Range) else ()
    return bounds[min(1, len(bounds) - 1)] if bounds else None


def _last(counter: Element) -> int | None:
    number = usual(_stop(counter))
    return number - 1 if isinstance(number, int) else None
