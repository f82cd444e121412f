"""Seeds as functions of loop counters: do two different turns give one number?"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any

from keystream._lint.symbols import (
    Attribute,
    Called,
    Constant,
    Count,
    Element,
    Global,
    Operation,
    Option,
    Parameter,
    Range,
    Symbol,
    is_operation,
)
from keystream._lint.values import Interning, constant_of, usual

MOST = 300  # of the values of one counter that are tried
MOST_OF_TWO = 64  # of each of two
_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Mod": operator.mod,
    "FloorDiv": operator.floordiv,
    "BitAnd": operator.and_,
    "BitOr": operator.or_,
    "LShift": lambda one, other: one << other if other < 256 else one // 0,
    "RShift": operator.rshift,
    "BitXor": operator.xor,
}


def collision(datum: Symbol) -> tuple[Any, Any, int] | None:
    """Two different settings of the counters in a seed that give one seed; None where there are none.

    Returns:
        The two settings and the seed; numbers for one counter, tuples for several.
    """
    counters = list(dict.fromkeys(_counters(datum)))
    if datum in counters or not 1 <= len(counters) <= 2:
        return None
    domains = [_domain(counter) for counter in counters]
    if any(domain is None for domain in domains):
        return None
    most = MOST if len(counters) == 1 else MOST_OF_TWO
    seen: dict[int, Any] = {}
    for values in itertools.product(*(domain[:most] for domain in domains if domain is not None)):
        number = _value(datum, dict(zip(counters, values, strict=True)))
        if number is None:
            return None
        setting: Any = values if len(counters) > 1 else next(iter(values))
        if number in seen:
            return seen[number], setting, number
        seen[number] = setting
    return None


def neighbour(table: Interning, datum: Symbol) -> Symbol:
    """A counter plus a number as the counter of that later turn: `t + 1` is the next turn's `t`."""
    terms = list(_terms(datum))
    counters = [term for term in terms if _counter_of(term) is not None]
    numbers = [constant_of(term) for term in terms if isinstance(term, Constant)]
    if len(counters) != 1 or not numbers or not all(isinstance(n, int) for n in numbers):
        return datum
    counter, factor = _counter_of(counters[0]) or (datum, 0)
    bounds = counter.args[0].args
    step = constant_of(bounds[2], 0) if len(bounds) > 2 else 1
    if not isinstance(step, int) or step * factor == 0:
        return datum
    turns, left = divmod(sum(numbers), step * factor)
    if counter.args[1] + turns < 1:
        return datum
    found = table.symbol(Element, counter.args[0], counter.args[1] + turns)
    if factor != 1:
        found = table.symbol(Operation, "Mult", (found, table.constant(factor)))
    if left:
        found = table.symbol(Operation, "Add", (table.constant(left), found))
    for term in terms:
        if term not in counters and not isinstance(term, Constant):
            found = table.symbol(Operation, "Add", (term, found))
    return found


def _counter_of(term: Symbol) -> tuple[Symbol, int] | None:
    """A counter and its factor."""
    if is_operation(term, "Mult"):
        for one, other in (term.args, term.args[::-1]):
            factor = constant_of(other)
            if isinstance(one, Symbol) and _is_counter(one) and isinstance(factor, int):
                return one, factor
    return (term, 1) if _is_counter(term) else None


def _is_counter(term: Symbol) -> bool:
    """Whether a value counts the turns of a loop."""
    iterable = term.args[0] if isinstance(term, Element) else None
    return isinstance(iterable, Range | Count)


def _terms(datum: Symbol) -> Iterator[Symbol]:
    if is_operation(datum, "Add"):
        for part in datum.args:
            if isinstance(part, Symbol):
                yield from _terms(part)
    elif is_operation(datum, "Sub") and isinstance(constant_of(datum.args[1]), int):
        yield from _terms(datum.args[0])
        yield Constant(-constant_of(datum.args[1]))
    else:
        yield datum


def _counters(datum: Symbol) -> Iterator[Symbol]:
    if isinstance(datum, Element):
        yield datum
    elif is_operation(datum, *_OPERATIONS):
        for part in datum.args:
            if isinstance(part, Symbol):
                yield from _counters(part)


def _domain(counter: Symbol) -> range | None:
    """The values of a counter over a range whose bounds are literals."""
    iterable = counter.args[0]
    if not (isinstance(iterable, Range)):
        return None
    bounds = [usual(bound) for bound in iterable.args if isinstance(bound, Symbol)]
    if (
        not bounds
        or not all(isinstance(bound, int) for bound in bounds)
        or (len(bounds) == 3 and not bounds[2])
    ):
        return None
    return range(*(bound for bound in bounds if isinstance(bound, int)))


def _value(datum: Symbol, setting: dict[Symbol, int]) -> int | None:
    if datum in setting:
        return setting[datum]
    number = usual(datum)
    if number is not None:
        return number if isinstance(number, int) else None
    if isinstance(datum, Called) and datum.args[0] == "builtins.int" and len(datum.args) == 2:
        return _value(datum.args[1], setting)
    if not is_operation(datum, *_OPERATIONS) or len(datum.operands) != 2:
        return None
    one, other = (
        _value(part, setting) if isinstance(part, Symbol) else None for part in datum.args
    )
    if datum.operator in ("Add", "Sub"):  # what no counter changes moves all seeds alike
        one = 0 if one is None and _is_fixed(datum.args[0]) else one
        other = 0 if other is None and _is_fixed(datum.args[1]) else other
    if one is None or other is None:
        return None
    try:
        return _OPERATIONS[datum.operator](one, other)
    except (ArithmeticError, ValueError):
        return None


def _is_fixed(part: object) -> bool:
    """Whether a part of a seed is the same in all turns."""
    return isinstance(part, Parameter | Attribute | Global | Option) and not any(
        kind == "lane" for kind, _ in part.tags
    )


def is_cut(seed: Symbol) -> bool:
    """Whether a seed joins numbers of which one lies in bits above the 32 that JAX keeps."""
    if not is_operation(seed, "Add", "BitOr", "BitXor"):
        return False
    parts = [part for part in seed.args if isinstance(part, Symbol)]
    high = [part for part in parts if _is_high(part)]
    return (bool(high) and len(high) < len(parts)) or any(map(is_cut, parts))


def _is_high(part: Symbol) -> bool:
    if not is_operation(part, "LShift", "Mult"):
        return False
    numbers = [number for arg in part.args if isinstance(number := usual(arg), int)]
    if len(numbers) == len(part.args):
        return False
    least = 32 if part.operator == "LShift" else 2**32
    return any(
        number >= least and (part.operator == "LShift" or number % 2**32 == 0) for number in numbers
    )
