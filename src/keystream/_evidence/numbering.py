"""Whether what differs from turn to turn is a mere number of the turn, which a function only tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from keystream._evidence import flow
from keystream._evidence.names import chain_at, names_bound, names_read, overlap, steps_of
from keystream._evidence.source import called, loops_at, scope_of, statement
from keystream._findings import Location


def numbers_alone(place: Location, inner: Location) -> bool:
    """Whether a call in a loop hands on what the turns go over, and the function only prints it.

    Such turns are one attempt, made again: ``attempt(number, key)`` gives the same for each number.

    Args:
        place: the call, in the loop.
        inner: a line of the function that it calls.
    """
    node, function = statement(place), scope_of(inner)
    call = chain_at(node, place) if node is not None else None
    if call is None or not isinstance(function, ast.FunctionDef):
        return False
    around = (loop for loop in loops_at(place) if not isinstance(loop, ast.While))
    targets = {name for loop in around for name in names_bound(loop.target)}
    names = {name for name, value in _given(call, function) if overlap(names_read(value), targets)}
    if not names or "" in names:
        return False
    if called(call.func) != function.name or overlap(names_read(call.func), targets):
        return False
    readers = (step for step in steps_of(function) if overlap(step.loads, names))
    return all(flow.is_shown(step.node) for step in readers)


def _given(call: ast.Call, function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """What a call gives, with the names of the function's parameters; empty for what another gets."""
    order = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    order = order[1:] if order[:1] in (["self"], ["cls"]) else order
    order += [""] * (len(call.args) - len(order))
    yield from zip(order, call.args, strict=False)
    yield from ((each.arg or "", each.value) for each in call.keywords)
