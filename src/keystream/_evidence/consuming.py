"""What becomes of numbers that a function draws: they train something, or something is looked at.

The way is that of the stack: what a function returns, its caller has. Where it ends, statements tell.
"""

from __future__ import annotations

import ast

from keystream._evidence import flow, loops
from keystream._evidence.comparing import is_kept
from keystream._evidence.derivatives import takes_gradients, trains_at
from keystream._evidence.names import Step, header, overlap, step_of, steps_of
from keystream._evidence.objects import advances
from keystream._evidence.source import Loop, called, scope_of, statement
from keystream._evidence.uses import Stack
from keystream._findings import Location


def feeds_loop(place: Location, loop: Loop) -> bool:
    """Whether what a turn computes gets into what its loop makes, or all turns keep the same."""
    here = loops.turn_of(place, loop)
    kept = here is not None and here.alike and is_kept(statement(place)) and not here.compared
    return kept or loops.enters_state(place, loop) or _trains_at(place) is True


def trains(stack: Stack, end: Location | None) -> bool | None:
    """Whether what is drawn trains something on its way out; None where the way leads to its end.

    Args:
        stack: of the draw, innermost line first.
        end: the line at which the way ends, such as one in the loop that repeats the draw.
    """
    for place in stack:
        if place == end:
            return None
        if not _hands_on(place):
            return _trains_at(place)
    return None


def trains_itself(stack: Stack) -> bool:
    """Whether a draw belongs to a training that begins and ends inside of a stack: a run of its own."""
    return any(map(loops.is_run, stack)) and any(map(takes_gradients, stack))


def _hands_on(place: Location) -> bool:
    """Whether a function returns, or yields, what comes of the statement at a place."""
    return flow.returned(place) or any(
        isinstance(step.node, ast.Expr) and isinstance(step.node.value, (ast.Yield, ast.YieldFrom))
        for step in _reached(place)
    )


def _trains_at(place: Location) -> bool | None:
    """Whether what a statement computes becomes part of an object; None where an object is given it."""
    known: bool | None = False
    for step in _reached(place):
        line = Location(place.path, step.node.lineno, 0, place.function)
        if trains_at(line) or _goes_into_itself(step) or _takes_a_step(step, place.path):
            return True
        if _is_given_away(step):
            known = None
    return known


def _reached(place: Location) -> list[Step]:
    """The statement at a place, and those after it that read what it computes."""
    node, scope = statement(place), scope_of(place)
    if node is None or scope is None:
        return []
    names, found = set[str](), list[Step]()
    for step in steps_of(scope):
        if step.node is node or overlap(step.loads, names):
            found.append(step)
            names |= step.stores | step.collects
        elif step.node.lineno > node.lineno and not isinstance(step.node, (ast.AugAssign, ast.For)):
            names -= step.stores
    return found


def _goes_into_itself(step: Step) -> bool:
    """Whether a statement makes an attribute of what it was: ``self.w = step(self.w, batch)``."""
    if not isinstance(step.node, ast.Assign) or _keeps_the_best(step.node.value):
        return False
    attributes = {name for name in step.stores if "." in name}
    return overlap(attributes, step_of(step.node).loads)


def _takes_a_step(step: Step, path: str) -> bool:
    """Whether a statement gives to a method that takes its object further: ``agent.learn(batch)``."""
    calls = (each for part in header(step.node)[1] for each in ast.walk(part))
    return any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and bool(each.args)
        and advances(path, each.func.attr)
        for each in calls
    )


def _keeps_the_best(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and called(node.func) in ("max", "min", "maximum", "minimum")


def _is_given_away(step: Step) -> bool:
    """Whether an object may keep what a statement computes: its attribute, or a method is given it."""
    if flow.is_shown(step.node):
        return False
    if isinstance(step.node, ast.Expr):
        return not step.collects
    return any("." in name for name in step.stores)
