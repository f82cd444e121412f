"""Functions that other threads or processes run: called as the caller hands them over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call
from keystream._lint.symbols import Value
from keystream._lint.values import Sequence

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


def submit(reader: Reader, call: Call) -> Value | None:
    """``pool.submit(function, *args)``."""
    if not call.args:
        return None
    function, *args = call.args
    return reader.fresh("future", reader.calls.call(function, args, call.keywords, call.node))


def apply(reader: Reader, call: Call) -> Value | None:
    """``pool.apply(function, args)``, ``pool.apply_async(function, args)``."""
    return _call(reader, call, call.argument(0, "func"), call.argument(1, "args"))


def starmap(reader: Reader, call: Call) -> Value | None:
    """``pool.starmap(function, tuples)`` is a loop."""
    if len(call.args) < 2:
        return None
    function, tuples = call.args[:2]

    def body(turn: int) -> Value:
        given = reader.containers.known_elements(reader.iteration.elem(tuples, turn))
        if given is None:
            return reader.fresh("result")
        return reader.calls.call(function, given, {}, call.node)

    return reader.fresh("results", reader.calls.iterations(call.node, "map", body))


def thread(reader: Reader, call: Call) -> Value | None:
    """``Thread(target=function, args=args)``: it will run, though not here."""
    return _call(reader, call, call.argument(1, "target"), call.argument(3, "args"))


def _call(reader: Reader, call: Call, function: Value | None, args: Value | None) -> Value | None:
    given = [] if args is None else args.items if isinstance(args, Sequence) else None
    if function is None or given is None:
        return None
    return reader.fresh("result", reader.calls.call(function, list(given), {}, call.node))
