"""Seeds as functions of loop counters: do two different turns give one number?"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any

from keystream._lint.values import Symbol, constant_of

MOST = 300  # of the values of one counter that are tried; of two, the root of it
_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Mod": operator.mod,
    "FloorDiv": operator.floordiv,
    "BitAnd": operator.and_,
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
    most = MOST if len(counters) == 1 else 17
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


def _counters(datum: Symbol) -> Iterator[Symbol]:
    if datum.op == "elem":
        yield datum
    elif datum.op in _OPERATIONS:
        for part in datum.args:
            if isinstance(part, Symbol):
                yield from _counters(part)


def _domain(counter: Symbol) -> range | None:
    """The values of a counter over a range whose bounds are literals."""
    iterable = counter.args[0]
    if not (isinstance(iterable, Symbol) and iterable.op == "range"):
        return None
    bounds = [constant_of(bound) for bound in iterable.args if isinstance(bound, Symbol)]
    if (
        not bounds
        or not all(isinstance(bound, int) for bound in bounds)
        or (len(bounds) == 3 and not bounds[2])
    ):
        return None
    return range(*bounds)


def _value(datum: Symbol, setting: dict[Symbol, int]) -> int | None:
    if datum in setting:
        return setting[datum]
    if datum.op == "const":
        return constant_of(datum) if isinstance(constant_of(datum), int) else None
    if datum.op not in _OPERATIONS or len(datum.args) != 2:
        return None
    one, other = (
        _value(part, setting) if isinstance(part, Symbol) else None for part in datum.args
    )
    if one is None or other is None:
        return None
    try:
        return _OPERATIONS[datum.op](one, other)
    except (ArithmeticError, ValueError):
        return None
