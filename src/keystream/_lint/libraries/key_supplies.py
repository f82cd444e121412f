"""Supplies of keys that run out or begin again: cycles, generators, indices beyond the last key."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call
from keystream._lint.libraries.unordered import are_keys
from keystream._lint.symbols import (
    Attribute,
    Called,
    Constant,
    Count,
    Element,
    Option,
    Parameter,
    Range,
    Stack,
    Symbol,
    Value,
    is_operation,
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


def _wraps(stack: Symbol, index: Symbol) -> bool:
    if not is_operation(index, "Mod") or not _counts(index.args[0]):
        return False
    if not _is_count(stack, index.args[1]):
        return False
    last, count = _last(index.args[0]), usual(stack.args[1])
    return not (isinstance(last, int) and isinstance(count, int) and last < count)


def _runs_out(stack: Symbol, index: Symbol) -> bool:
    shift = 0
    if is_operation(index, "Add") and isinstance(constant_of(index.args[1]), int):
        index, shift = index.args[0], constant_of(index.args[1])
    if shift < 0 or not _counts(index):
        return False
    last, count = _last(index), usual(stack.args[1])
    if isinstance(last, int) and isinstance(count, int):
        return last + shift >= count
    stop = _stop(index)
    if stop is None or isinstance(last, int):
        return False
    if _is_count(stack, stop):
        return shift > 0
    return is_operation(stop, "Add") and any(
        _is_count(stack, part) and _is_amount(other) for part, other in (stop.args, stop.args[::-1])
    )


def _is_amount(value: object) -> bool:
    if not isinstance(value, Symbol):
        return False
    number = usual(value, 1)
    return (
        isinstance(number, int)
        and number > 0
        and isinstance(value, Constant | Parameter | Attribute | Option)
    )


def _is_count(stack: Symbol, value: object) -> bool:
    """Whether a value is the number of keys."""
    if not isinstance(value, Symbol):
        return False
    if value is stack.args[1]:
        return True
    if isinstance(value, Called) and value.args[0] == "builtins.len":
        return value.args[1] is stack
    return False


def _counts(value: object) -> bool:
    return isinstance(value, Element) and isinstance(value.args[0], Range | Count)


def _stop(counter: Symbol) -> Symbol | None:
    bounds = counter.args[0].args
    found = (
        bounds[min(1, len(bounds) - 1)] if isinstance(counter.args[0], Range) and bounds else None
    )
    return found if isinstance(found, Symbol) else None


def _last(counter: Symbol) -> int | None:
    stop = _stop(counter)
    number = usual(stop)
    return number - 1 if isinstance(number, int) else None
