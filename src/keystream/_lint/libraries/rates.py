"""Rates and keep probabilities: one given where the other is meant, a mask scaled by the wrong one."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from keystream._lint.facts import text_of
from keystream._lint.libraries.call import Argument, Call
from keystream._lint.symbols import (
    Attribute,
    Called,
    Constant,
    Global,
    Mask,
    Operation,
    Option,
    Parameter,
    Symbol,
    Value,
    is_operation,
)
from keystream._lint.values import Class, Function, constant_of, usual

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_KEEP = re.compile(r"(?:^|_)(?:keep|kept|retain)", re.IGNORECASE)
_DROP = re.compile(r"(?:^|_)drop|(?:^|_)rate$", re.IGNORECASE)
_RATE = re.compile(
    r"^(?:rate|drop_?out|drop|(?:\w+_)?(?:drop_?out|drop)_?(?:rate|prob|p|probability)|p_drop(?:out)?)$",
    re.IGNORECASE,
)


def check_rate(reader: Reader, call: Call, argument: Argument, title: str) -> None:
    """Note a rate that is a number outside [0, 1], or a probability of keeping by its name."""
    rate = argument.of(call)
    check_range(reader, call, rate, title)
    said = call.source(argument.position, "rate", "p")
    if said is not None and (_is_keep(said) or _value_keeps(rate)):
        reader.fact("keep_as_rate", call.node, text=text_of(said), layer=title)


def check_range(reader: Reader, call: Call, rate: Value | None, title: str) -> None:
    """Note a probability that is a number outside [0, 1]."""
    value = usual(rate)
    if isinstance(value, int | float) and not isinstance(value, bool) and not 0 <= value <= 1:
        reader.fact("rate", call.node, rate=value, layer=title)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return ""


def _is_keep(node: ast.expr) -> bool:
    """Whether an expression is a probability of keeping, as its names say."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        name = _name(node.right)
        one = isinstance(node.left, ast.Constant) and node.left.value == 1
        return one and bool(_DROP.search(name)) and not _KEEP.search(name)
    return bool(_KEEP.search(_name(node)))


def _value_keeps(value: Value | None) -> bool:
    if not isinstance(value, Symbol) or not isinstance(
        value, Parameter | Attribute | Option | Global
    ):
        return False
    return bool(_KEEP.search(value.name))


def check_names(reader: Reader, function: Value, node: ast.Call) -> None:
    """Note a keep probability that is handed to a parameter which is a rate by its name."""
    given: list[tuple[str, ast.expr]] = [
        (keyword.arg, keyword.value) for keyword in node.keywords if keyword.arg
    ]
    given += zip(_parameters(function), node.args, strict=False)
    for name, value in given:
        if _is_rate(name) and _is_keep(value):
            reader.fact("keep_as_rate", node, text=text_of(value), layer=f"`{name}`")


@lru_cache(maxsize=4096)
def _is_rate(name: str) -> bool:
    return bool(_RATE.search(name))


def _parameters(function: Value) -> list[str]:
    if isinstance(function, Class):
        method = function.attributes.get("__init__")
        if not isinstance(method, Function):
            return function.fields
        return _parameters(method)[1:]
    if isinstance(function, Function):
        names = [p.arg for p in (*function.node.args.posonlyargs, *function.node.args.args)]
        return names[1:] if function.bound is not None else names
    return []


# Masks made by hand.


def remember(reader: Reader, call: Call, probability: Value | None, drawn: Value) -> Value:
    """A mask that was drawn, with the probability that it keeps."""
    if not isinstance(probability, Symbol):
        return drawn
    found = reader.table.symbol(Mask, probability, drawn)
    reader.route(found, "mask", call.node)
    return found


def check_scale(reader: Reader, kept: Value, divisor: Value, node: ast.AST) -> None:
    """Note a mask that keeps with probability p, and is scaled by 1 - p."""
    found = _mask_in(kept)
    if found is None or not _complementary(found.probability, divisor):
        return
    sites = [site for kind, site in reader.routes.get(found, ()) if kind == "mask"]
    if sites:
        reader.fact("mask_scaled", sites[-1].node, text=_probability(sites[-1].node), scaled=node)


def check_division(reader: Reader, node: ast.BinOp, left: Value, right: Value) -> None:
    """A mask may be divided by the probability with which it keeps."""
    check_scale(reader, left, right, node)


def _probability(node: ast.AST) -> str:
    values = node.args[1:2] if isinstance(node, ast.Call) else []
    return text_of(values[0]) if values else "p"


def _mask_in(value: Value, depth: int = 0) -> Mask | None:
    """The mask in a product."""
    if not isinstance(value, Symbol) or depth > 4:
        return None
    if is_operation(value, "Mult"):
        return next(filter(None, (_mask_in(part, depth + 1) for part in value.operands)), None)
    return value if isinstance(value, Mask) else None


def _complementary(one: Value, other: Value) -> bool:
    numbers = constant_of(one), constant_of(other)
    if all(isinstance(number, int | float) for number in numbers):
        return abs(sum(numbers) - 1) < 1e-9 and abs(numbers[0] - 0.5) > 1e-9
    return _is_rest(one, other) or _is_rest(other, one)


def _is_rest(one: Value, other: Value) -> bool:
    match other:
        case Operation("Sub", (Constant(1), rate)):
            return rate is one
        case _:
            return False


def where(reader: Reader, call: Call) -> Value | None:
    """``jax.numpy.where(mask, x, 0)`` is the mask times x."""
    if len(call.args) == 3:
        condition, yes, no = call.args
        if isinstance(condition, Mask) and isinstance(yes, Symbol) and _is_zero(no):
            if is_operation(yes, "Div"):
                check_scale(reader, condition, yes.operands[1], call.node)
            return reader.table.symbol(Operation, "Mult", (condition, yes))
    return None


def _is_zero(value: Value) -> bool:
    is_zeros = isinstance(value, Called) and "zeros" in value.function
    return constant_of(value) == 0 or is_zeros
