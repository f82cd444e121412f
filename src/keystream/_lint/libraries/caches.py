"""Calls of a function that keeps its results: it runs once for each set of arguments, whoever asks."""

from __future__ import annotations

from collections.abc import Generator, Hashable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call
from keystream._lint.symbols import Value
from keystream._lint.values import Function, Instance, Sequence, Wrapped

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


def remembered(reader: Reader, call: Call) -> Value:
    """What ``functools.cache(f)(...)`` returns: of equal arguments the one thing that the first gave.

    Of further arguments, which may turn out equal, only the result is read.
    """
    assert isinstance(call.owner, Wrapped)
    function = call.owner.function
    calls = reader.remembered.setdefault(_identity(function), {})
    keywords = sorted(call.keywords.items(), key=lambda item: item[0])
    given = (*map(_identity, call.args), *((name, _identity(value)) for name, value in keywords))
    found = calls.get(given)
    if found is None:
        reader.kept += [*call.args, *call.keywords.values()]
        with _alone(reader, hushed=bool(calls)):
            found = calls[given] = reader.calls.call(function, call.args, call.keywords, call.node)
    return found


@contextmanager
def _alone(reader: Reader, *, hushed: bool) -> Generator[None]:
    """Read a call as no part of the batch, the compiled function or the gradient around it."""
    outer = reader.mapped, reader.jitted, reader.graded
    reader.mapped, reader.jitted, reader.graded = [], [], 0
    reader.hushed += hushed
    try:
        yield
    finally:
        reader.hushed -= hushed
        reader.mapped, reader.jitted, reader.graded = outer


def _identity(value: Value) -> Hashable:
    """What equal arguments have in common."""
    match value:
        case Sequence(items):
            return tuple(map(_identity, items))
        case Function(node=node, bound=bound):
            return node, bound if bound is None else _identity(bound)
        case Instance(symbol=symbol):
            return symbol
        case _:
            return value
