"""Seeds as functions of loop counters: do two different turns give one number?"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any, TypeGuard

from keystream._lint.symbols import (
    Attribute,
    Called,
    Constant,
    Count,
    Element,
    Global,
    Lane,
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


def shared(one: Symbol, other: Symbol) -> int | None:
    """The least seed that two turns of an outer loop have in common, each with its inner counter.

    A short loop over literals is read with its numbers: of ``10 * epoch + step`` that is ``0 + step``
    in one turn and ``10 + step`` in the next.
    """
    of_one, of_other = _numbers(one), _numbers(other)
    both = of_one & of_other
    return min(both) if both and of_one != of_other else None


def _numbers(datum: Symbol) -> set[int]:
    """The values of a seed over its one counter; none where they are not known."""
    counters = list(dict.fromkeys(_counters(datum)))
    if len(counters) != 1 or datum in counters:
        return set()
    domain = _domain(counters[0]) or _least(counters[0])
    values = {_value(datum, {counters[0]: number}) for number in domain[:MOST]}
    return {value for value in values if value is not None}


def adds_counters(datum: Symbol) -> bool:
    """Whether a seed is a sum of two counters that nothing keeps apart: 1 + 2 is 2 + 1."""
    counters = {id(over) for term in _terms(datum) if (over := counted(term)) is not None}
    return len(counters) > 1 and all(_step(term) == 1 for term in _terms(datum))


def neighbour(table: Interning, datum: Symbol) -> Symbol:
    """A counter plus a number as the counter of that later turn: `t + 1` is the next turn's `t`."""
    terms = list(_terms(datum))
    counters = [(term, counter) for term in terms if (counter := _counter_of(term)) is not None]
    numbers = [term.value for term in terms if isinstance(term, Constant)]
    whole = [number for number in numbers if isinstance(number, int)]
    if len(counters) != 1 or not numbers or len(whole) < len(numbers):
        return datum
    term, (counter, factor) = counters[0]
    step = _step(counter)
    if not isinstance(step, int) or step * factor == 0:
        return datum
    turns, left = divmod(sum(whole), step * factor)
    if counter.turn + turns < 1:
        return datum
    found: Symbol = table.symbol(Element, counter.iterable, counter.turn + turns)
    if is_operation(term, "Mult"):  # in the order of the source, as the later turn has it
        sides = tuple(found if part is counter else part for part in term.operands)
        found = table.symbol(Operation, "Mult", sides)
    if left:
        found = table.symbol(Operation, "Add", (table.constant(left), found))
    for other in terms:
        if other is not term and not isinstance(other, Constant):
            found = table.symbol(Operation, "Add", (other, found))
    return found


def _step(counter: Symbol) -> object:
    """By how much a counter grows in a turn, or from lane to lane."""
    over = counted(counter)
    if isinstance(over, Range) and len(over.bounds) > 2:
        return constant_of(over.bounds[2], 0)
    return 1


def _counter_of(term: Symbol) -> tuple[Element, int] | None:
    """A counter and its factor."""
    if is_operation(term, "Mult"):
        for one, other in (term.operands, term.operands[::-1]):
            factor = constant_of(other)
            if is_counter(one) and isinstance(factor, int):
                return one, factor
    return (term, 1) if is_counter(term) else None


def is_counter(value: object) -> TypeGuard[Element]:
    """Whether a value counts the turns of a loop."""
    return isinstance(value, Element) and isinstance(value.iterable, Range | Count)


def counted(value: object) -> Range | Count | None:
    """What a value counts: the turns of a loop, or the lanes of a batch that goes over a range."""
    over = value.iterable if isinstance(value, Element) else None
    over = value.batch if isinstance(value, Lane) else over
    return over if isinstance(over, Range | Count) else None


def _terms(datum: Symbol) -> Iterator[Symbol]:
    match datum:
        case Operation("Add", operands):
            for part in operands:
                yield from _terms(part)
        case Operation("Sub", (first, Constant(int() as number))):
            yield from _terms(first)
            yield Constant(-number)
        case _:
            yield datum


def _counters(datum: Symbol) -> Iterator[Element | Lane]:
    if isinstance(datum, Element) or counted(datum) is not None:
        assert isinstance(datum, Element | Lane)
        yield datum
    elif is_operation(datum, *_OPERATIONS):
        for part in datum.operands:
            yield from _counters(part)


def _domain(counter: Element | Lane) -> range | None:
    """The values of a counter over a range whose bounds are literals."""
    iterable = counted(counter)
    if not isinstance(iterable, Range):
        return None
    bounds = [usual(bound) for bound in iterable.bounds]
    whole = [bound for bound in bounds if isinstance(bound, int)]
    stands_still = len(whole) == 3 and whole[2] == 0
    if not bounds or len(whole) < len(bounds) or stands_still:
        return None
    return range(*whole)


def _least(counter: Element | Lane) -> range:
    """The values that a counter has at the least, of a loop that is known to be no more than one."""
    start = usual(iterable.start) if isinstance(iterable := counted(counter), Count) else 0
    return range(start, start + 2) if isinstance(start, int) else range(0)


def _value(datum: Symbol, setting: dict[Symbol, int]) -> int | None:
    if datum in setting:
        return setting[datum]
    number = usual(datum)
    if number is not None:
        return number if isinstance(number, int) else None
    match datum:
        case Called("builtins.int", (Symbol() as inner,)):
            return _value(inner, setting)
        case Operation(operator, (left, right)) if operator in _OPERATIONS:
            one, other = _value(left, setting), _value(right, setting)
        case _:
            return None
    if operator in ("Add", "Sub"):  # what no counter changes moves all seeds alike
        one = 0 if one is None and _is_fixed(left) else one
        other = 0 if other is None and _is_fixed(right) else other
    if one is None or other is None:
        return None
    try:
        return _OPERATIONS[operator](one, other)
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
    parts = seed.operands
    high = [part for part in parts if _is_high(part)]
    return (bool(high) and len(high) < len(parts)) or any(map(is_cut, parts))


def _is_high(part: Symbol) -> bool:
    if not is_operation(part, "LShift", "Mult"):
        return False
    numbers = [number for arg in part.operands if isinstance(number := usual(arg), int)]
    if len(numbers) == len(part.operands):
        return False
    least = 32 if part.operator == "LShift" else 2**32
    return any(
        number >= least and (part.operator == "LShift" or number % 2**32 == 0) for number in numbers
    )
