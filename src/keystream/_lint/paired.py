"""Whether the program shows that two calls, or the turns of a loop, shall draw alike.

`keystream._evidence.paired` says what shows it, for the audit as well. A sampler's shape is read off
its call, as nothing runs here.
"""

from __future__ import annotations

import ast
import math

from keystream._evidence import flow
from keystream._evidence.comparing import asserted_in_order
from keystream._evidence.leaving import callers_compare
from keystream._evidence.loops import turn_of
from keystream._evidence.paired import (
    Paired,
    contrasted,
    in_contrast,
    is_called_alike,
    kept_beside,
    looks_again_later,
)
from keystream._evidence.source import Loop
from keystream._lint.dataflow import last_of
from keystream._lint.facts import Repeat, Use


def paired(repeat: Repeat, met: flow.Meeting, *, one_key: bool) -> Paired | None:
    """What shows that two calls of a function shall draw alike.

    Args:
        repeat: the two uses.
        met: what the function makes of the two results.
        one_key: whether they have one key, and not keys that each was made of one seed.
    """
    first, second = repeat.earlier, repeat.site
    places = first.location(), second.location()
    one_line = repeat.first.chain[-1].node is repeat.second.chain[-1].node
    if one_key and one_line and flow.is_one_shown(*places):
        return Paired.SHOWN
    if contrasted(*places):
        return None if first.graded or second.graded else Paired.CONTRAST
    if asserted_in_order(*places):
        return Paired.ASSERTED
    outer = tuple(site.location() for site in reversed(repeat.second.chain[: repeat.level]))
    if is_called_alike(*places) and callers_compare(*places, outer):
        return None if first.graded or second.graded else Paired.CONTRAST
    if met is flow.Meeting.FED:
        return None
    if looks_again_later(*places):
        return Paired.AGAIN
    few = _draws_few(repeat.first) and _draws_few(repeat.second)
    return Paired.JOINT if few and kept_beside(*places) else None


def paired_in_turns(repeat: Repeat) -> Paired | None:
    """What shows that the turns of a loop shall draw alike."""
    site = repeat.site
    if len(repeat.second.chain) <= repeat.level + 1 or not isinstance(site.node, ast.Call):
        return None
    if _draws_few(repeat.second) and _transforms_each(repeat):
        return Paired.JOINT
    loop = repeat.turn.node if repeat.turn is not None else None
    here = turn_of(site.location(), loop) if isinstance(loop, Loop) else None
    if here is not None and here.alike:
        return None  # the turns do the same, and there is nothing to compare at equal draws
    return Paired.CONTRAST if not site.graded and in_contrast(site.location()) else None


# Where samplers of JAX are given the shape: at this place, or by name.
_SHAPE_AT = {
    "bernoulli": 2,
    "beta": 3,
    "choice": 2,
    "normal": 1,
    "randint": 1,
    "truncated_normal": 3,
    "uniform": 1,
}
_FEW = 4  # numbers that decide for a whole array: whether to flip it, where to cut it


def _draws_few(use: Use) -> bool:
    """Whether a sampler draws a few numbers for a key: the shape is written out, or there is none."""
    call = use.chain[-1].node
    if use.kind != "draw" or not isinstance(call, ast.Call):
        return False
    at = _SHAPE_AT.get(last_of(call.func))
    if at is None:
        return False
    named = [each.value for each in call.keywords if each.arg == "shape"]
    shapes = [*named, *call.args[at : at + 1]]
    if not shapes:
        return all(isinstance(each, ast.Constant) for each in call.args[1:])  # of no array's shape
    return all(_numbers_of(shape) <= _FEW for shape in shapes)


def _numbers_of(shape: ast.expr) -> float:
    """How many numbers a shape that is written out has; beyond all bounds for another."""
    sides = shape.elts if isinstance(shape, ast.Tuple | ast.List) else [shape]
    known = [each.value for each in sides if isinstance(each, ast.Constant)]
    whole = [each for each in known if isinstance(each, int)]
    return math.prod(whole) if len(whole) == len(sides) else math.inf


def _transforms_each(repeat: Repeat) -> bool:
    """Whether a loop goes over the items of a dictionary, and keeps each result under its name."""
    turn, statement = repeat.turn, repeat.site.statement
    loop = turn.node if turn is not None else None
    match loop, statement:
        case (
            ast.For(target=ast.Tuple(elts=[ast.Name(id=name), _]), iter=ast.Call(func=over)),
            ast.Assign(targets=[ast.Subscript(slice=ast.Name(id=kept))]),
        ):
            return last_of(over) == "items" and name == kept
        case _:
            return False
