"""Whether the program shows that two calls, or the turns of a loop, shall draw alike.

`keystream._evidence.paired` says what shows it, for the audit as well. A sampler's shape is read off
its call, as nothing runs here.
"""

from __future__ import annotations

import ast
import math

from keystream._evidence.comparing import container_contrasted, container_ordered
from keystream._evidence.flow import is_shown
from keystream._evidence.names import names_read, overlap, reach, step_of, steps_of
from keystream._evidence.paired import (
    Paired,
    contrast_of,
    is_contrast,
    is_kept_beside,
    is_same_later,
)
from keystream._lint.comparing import result_of
from keystream._lint.dataflow import last_of, reads
from keystream._lint.facts import Repeat, Site, Use
from keystream._lint.walking import walk

_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.Module


def paired(repeat: Repeat, *, one_key: bool) -> Paired | None:
    """What shows that two calls of a function shall draw alike.

    Args:
        repeat: the two uses.
        one_key: whether they have one key, and not keys that each was made of one seed.
    """
    if one_key and _is_printed_beside(repeat):
        return Paired.SHOWN
    first, second = repeat.earlier, repeat.site
    if first.around is not second.around or not isinstance(first.around, _SCOPES):
        return None
    if not isinstance(first.node, ast.Call) or not isinstance(second.node, ast.Call):
        return None
    if is_contrast(first.node, second.node, first.around):
        return None if first.graded or second.graded else Paired.CONTRAST
    if _is_fed(first, second):
        return None
    if is_same_later(first.node, second.node, first.around) and not _reaches(first, second):
        return Paired.AGAIN
    if not _draws_few(repeat.first) or not _draws_few(repeat.second):
        return None
    statements = first.statement, second.statement
    if statements[0] is None or statements[1] is None:
        return None
    calls = first.node, second.node
    return (
        Paired.JOINT
        if is_kept_beside(calls, (statements[0], statements[1]), first.around)
        else None
    )


def paired_in_turns(repeat: Repeat) -> Paired | None:
    """What shows that the turns of a loop shall draw alike."""
    site = repeat.site
    if len(repeat.second.chain) <= repeat.level + 1 or not isinstance(site.node, ast.Call):
        return None
    if _draws_few(repeat.second) and _transforms_each(repeat):
        return Paired.JOINT
    if site.graded or not isinstance(site.around, _SCOPES):
        return None
    return Paired.CONTRAST if contrast_of(site.node, site.around) else None


def _is_printed_beside(repeat: Repeat) -> bool:
    """Whether one line draws in both, and one of the two statements prints while the other binds."""
    statements = [site.statement for site in (repeat.earlier, repeat.site)]
    shown = [each for each in statements if each is not None and is_shown(each)]
    kept = [each for each in statements if isinstance(each, ast.Assign | ast.AugAssign)]
    one_line = repeat.first.chain[-1].node is repeat.second.chain[-1].node
    return one_line and len(shown) == len(kept) == 1


def _is_fed(first: Site, second: Site) -> bool:
    """Whether the later call is given the earlier one's result."""
    return bool(result_of(first)[1] & reads(second.node))


def _reaches(first: Site, second: Site) -> bool:
    """Whether what the earlier call gives reaches what the later one is given."""
    if first.statement is None or not isinstance(first.around, _SCOPES):
        return True
    between = [s for s in steps_of(first.around) if first.line < s.node.lineno < second.line]
    reached = reach(set(step_of(first.statement).stores), between)
    return overlap(names_read(second.node), reached)


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


def is_ranked(loop: ast.AST, site: Site) -> bool:
    """Whether the turns keep their results, and these are put in order, or the best is taken."""
    if site.statement is None or not isinstance(site.around, _SCOPES):
        return False
    steps = steps_of(site.around)
    if isinstance(loop, ast.comprehension):
        held = set(step_of(site.statement).stores)
        return container_ordered(held, steps) or container_contrasted(held, steps)
    inside = {id(each) for each in walk(loop)}
    names = step_of(site.statement).stores
    kept = {
        container
        for step in steps
        if id(step.node) in inside and (step.node is site.statement or overlap(step.loads, names))
        for container in step.collects
    }
    return container_ordered(kept, steps) or container_contrasted(kept, steps)
