"""Whether a loop that looks at what it changes measures it: by figures, or in a training."""

from __future__ import annotations

import ast

from keystream._evidence import derivatives
from keystream._evidence.flow import is_shown, only_shown
from keystream._evidence.names import (
    chain_at,
    dotted,
    names_read,
    overlap,
    reach,
    step_of,
    steps_of,
)
from keystream._evidence.program import program_of
from keystream._evidence.source import Scope, called, scope_of, source_of, statement
from keystream._evidence.uses import Stack
from keystream._findings import Location

EVALUATES = (
    "nothing but what the loop trains differs from turn to turn and the result is not fed back, so the "
    "fixed draws make the turns comparable; they do not average out over the turns"
)

_DEPTH = 4  # names that are followed back

# What makes one number of many.
_REDUCTIONS = frozenset(
    [
        "average",
        "count_nonzero",
        "float",
        "int",
        "item",
        "len",
        "max",
        "mean",
        "median",
        "min",
        "nanmean",
        "norm",
        "round",
        "std",
        "sum",
        "var",
        "vdot",
    ]
)


def measures(place: Location, inside: Stack) -> bool:
    """Whether the call at a place measures what a loop changes, and does not make data of it.

    A measurement is a figure, or is printed. Where the program takes gradients, it is taken for one
    whatever it is: samples of a model in training are looked at. A simulation that observes its state
    with one key has the same noise in all its data.

    Args:
        place: of the call, in the loop.
        inside: the lines by which a draw is reached from there, innermost first.
    """
    if not inside:
        return True  # a draw in the loop itself, which others judge
    return _is_shown_or_reduced(place) or _gives_figure(inside) or _trains(place, inside)


def _is_shown_or_reduced(place: Location) -> bool:
    node = statement(place)
    if node is None or is_shown(node) or only_shown(place):
        return True
    return _is_reduced(node, chain_at(node, place))


def _is_reduced(node: ast.stmt, call: ast.Call | None) -> bool:
    """Whether a statement makes one number of what a call in it gives."""
    around = (each for each in ast.walk(node) if isinstance(each, ast.Call) and each is not call)
    return any(_reduces(each) and any(part is call for part in ast.walk(each)) for each in around)


def _gives_figure(inside: Stack) -> bool:
    """Whether what the function of a line returns is a number, as far as its text goes."""
    scope = scope_of(inside[-1])
    if isinstance(scope, ast.Lambda):
        return _is_figure(scope.body, scope, inside, 0)
    if not isinstance(scope, ast.FunctionDef):
        return False
    returned = [s.node.value for s in steps_of(scope) if isinstance(s.node, ast.Return)]
    return any(each is not None and _is_figure(each, scope, inside, 0) for each in returned)


def _is_figure(node: ast.expr, scope: Scope, inside: Stack, depth: int) -> bool:
    if isinstance(node, ast.Call):
        line = statement(inside[-1])
        handed_on = line is not None and node is chain_at(line, inside[-1]) and len(inside) > 1
        return _reduces(node) or (handed_on and _gives_figure(inside[:-1]))
    if isinstance(node, ast.Name):
        value = _bound(node.id, scope) if depth < _DEPTH else None
        return value is not None and _is_figure(value, scope, inside, depth + 1)
    return any(_is_figure(each, scope, inside, depth) for each in _parts(node))


def _parts(node: ast.expr) -> list[ast.expr]:
    """The values that an expression is made of, if it only puts them beside each other or reckons."""
    match node:
        case ast.Tuple(elts=parts) | ast.Dict(values=parts):
            return parts
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case _:
            return []


def _bound(name: str, scope: Scope) -> ast.expr | None:
    """What a function binds to a name last."""
    for step in reversed(steps_of(scope)):
        if name in step.stores and isinstance(step.node, (ast.Assign, ast.AnnAssign)):
            return step.node.value
    return None


def _reduces(call: ast.Call) -> bool:
    """Whether a call makes one number: over no axis of its own."""
    if called(call.func) not in _REDUCTIONS:
        return False
    method = isinstance(call.func, ast.Attribute) and dotted(call.func.value) not in _MODULES
    axis = any(keyword.arg in ("axis", "axes") for keyword in call.keywords)
    return not axis and len(call.args) <= (0 if method else 1)


_MODULES = frozenset({"jnp", "np", "jax.numpy", "numpy", "onp", "jnp.linalg", "np.linalg"})


def _trains(place: Location, inside: Stack) -> bool:
    """Whether any file of the program takes a gradient: of those on the way, and what they import."""
    paths = [place.path, *(each.path for each in inside)]
    if any(source_of(path) is None or path.endswith(".ipynb") for path in paths):
        return True  # not known
    return any(map(derivatives.takes_any, program_of(*paths)))


def measured_in_turn(place: Location, inside: Stack) -> bool:
    """Whether a turn of a compiled loop only puts out a figure of what it calls at a place.

    The turn is a function that returns what it hands on and what it puts out, as the body of a ``scan``.
    The figure is made of what the turn hands on or was handed, and is none of that itself.

    Args:
        place: of the call, in the body.
        inside: the lines by which a draw is reached from there, innermost first; none of its own draw.
    """
    node, scope = statement(place), scope_of(place)
    call = chain_at(node, place) if node is not None else None
    if node is None or call is None or not isinstance(scope, ast.FunctionDef):
        return False
    steps = steps_of(scope)
    names = reach(set(step_of(node).stores), [s for s in steps if s.node.lineno > node.lineno])
    state = {each.arg for each in scope.args.args[:1]}.union(*(s.stores for s in steps))
    given = set[str]().union(*map(names_read, call.args)) if inside else set(step_of(node).loads)
    figure = _gives_figure(inside) if inside else _is_reduced(node, call)
    if not figure or not overlap(given, state):
        return False
    returned = [s.node.value for s in steps if isinstance(s.node, ast.Return)]
    return bool(returned) and all(
        isinstance(each, ast.Tuple)
        and len(each.elts) == 2
        and not _takes(each.elts[0], names, call)
        and _takes(each.elts[1], names, call)
        for each in returned
    )


def _takes(node: ast.expr, names: set[str], call: ast.Call) -> bool:
    """Whether an expression holds a call, or reads names that its result reaches."""
    return overlap(names_read(node), names) or any(part is call for part in ast.walk(node))
