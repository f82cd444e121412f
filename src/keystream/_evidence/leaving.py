"""Two results that leave their function side by side, and what its callers make of them.

Only what a function returns, or hands from one turn of a compiled loop to the next, is followed: as
elements of tuples, lists and dictionaries, under the names that the callers bind them to.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from keystream._evidence.comparing import (
    bare,
    comparisons,
    container_contrasted,
    container_ordered,
    contrasts_in,
)
from keystream._evidence.names import Step, chain_at, names_read, overlap, step_of, steps_of
from keystream._evidence.source import Scope, scope_of, spans, statement
from keystream._evidence.uses import Stack
from keystream._findings import Location

_Path = tuple[object, ...]  # the indices of an element in tuples and dictionaries
_Holds = Callable[[ast.AST], bool]


def callers_compare(first: Location, second: Location, outer: Stack) -> bool:
    """Whether a caller compares, subtracts or orders the results of two calls, which it gets together.

    Args:
        first: the one call.
        second: the other call, in the same function.
        outer: the lines that called the function, innermost first.
    """
    paths = _paths_from(first, second)
    for place in outer:
        node, scope = statement(place), scope_of(place)
        if paths is None or node is None or scope is None:
            return False
        call = chain_at(node, place)
        if isinstance(scope, ast.Lambda) or (isinstance(node, ast.Return) and node.value is call):
            continue  # it returns the two as it gets them
        if not isinstance(node, ast.Assign) or node.value is not call or len(node.targets) != 1:
            return False
        names = [_bound(node.targets[0], path) for path in paths]
        if "" in names:
            return False
        later = _after(node, scope)
        one, other = (_aliases(name, later) for name in names)
        if any(_holds_together(step, one, other) for step in later):
            return True
        paths = _paths_returned(later, _is_one_of(one), _is_one_of(other))
    return False


def callers_rank(place: Location, kept: set[str], outer: Stack) -> bool:
    """Whether a caller orders what the turns of a loop gave, or holds it to each other.

    Args:
        place: in the loop.
        kept: the containers in which the loop's function keeps what the turns give.
        outer: the lines that called the function, innermost first.
    """
    node, scope = statement(place), scope_of(place)
    if node is None or scope is None or not _leaves_whole(node, kept, steps_of(scope)):
        return False
    for caller in outer:
        node, scope = statement(caller), scope_of(caller)
        call = chain_at(node, caller) if node is not None else None
        if node is None or scope is None or call is None:
            return False
        if isinstance(scope, ast.Lambda) or (isinstance(node, ast.Return) and node.value is call):
            continue
        if not isinstance(node, ast.Assign) or node.value is not call:
            return False
        names, later = set(step_of(node).stores), _after(node, scope)
        if container_ordered(names, later) or container_contrasted(names, later):
            return True
        if not _leaves_whole(None, names, later):
            return False
    return False


def _leaves_whole(node: ast.stmt | None, kept: set[str], steps: tuple[Step, ...]) -> bool:
    """Whether a function returns a comprehension, or one of some containers, as it is."""
    if isinstance(node, ast.Return) and isinstance(node.value, _COMPREHENSIONS):
        return True
    returned = (step.node.value for step in steps if isinstance(step.node, ast.Return))
    return any(isinstance(value, ast.Name) and value.id in kept for value in returned)


_COMPREHENSIONS = (ast.ListComp, ast.DictComp, ast.GeneratorExp)


def _after(node: ast.stmt, scope: Scope) -> tuple[Step, ...]:
    return tuple(step for step in steps_of(scope) if step.node.lineno > node.lineno)


def _paths_from(first: Location, second: Location) -> tuple[_Path, _Path] | None:
    """Where the results of two calls stand in what their function returns."""
    one, other, scope = statement(first), statement(second), scope_of(first)
    if one is None or other is None or scope is None or scope is not scope_of(second):
        return None
    holds = [_holds(*each) for each in ((one, first), (other, second))]
    if isinstance(scope, ast.Lambda):
        return _paths(scope.body, *holds)
    return _paths_returned(steps_of(scope), *holds)


def _holds(node: ast.stmt, place: Location) -> _Holds:
    """Whether an expression is made of the call at a place, or of the names that it is bound to."""
    names = step_of(node).stores if isinstance(node, (ast.Assign, ast.AnnAssign)) else frozenset()
    call = chain_at(node, place)
    return lambda part: (
        any(each is call for each in ast.walk(part))
        or (spans(part, place) and call is None)
        or overlap(names_read(part), names)
    )


def _paths_returned(
    steps: tuple[Step, ...], one: _Holds, other: _Holds
) -> tuple[_Path, _Path] | None:
    for step in steps:
        if isinstance(step.node, ast.Return) and step.node.value is not None:
            found = _paths(step.node.value, one, other)
            if found is not None:
                return found
    return None


def _paths(node: ast.expr, one: _Holds, other: _Holds) -> tuple[_Path, _Path] | None:
    """The elements of an expression in which two results stand, each in one of its own."""
    leaves = list(_leaves(node, ()))
    mine = [path for path, leaf in leaves if one(leaf)]
    theirs = [path for path, leaf in leaves if other(leaf)]
    if len(mine) != 1 or len(theirs) != 1 or mine == theirs:
        return None
    return mine[0], theirs[0]


def _leaves(node: ast.expr, path: _Path) -> Iterator[tuple[_Path, ast.expr]]:
    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for number, part in enumerate(parts):
                yield from _leaves(part, (*path, number))
        case ast.Dict(keys=keys, values=parts):
            for key, part in zip(keys, parts, strict=True):
                name = key.value if isinstance(key, ast.Constant) else None
                yield from _leaves(part, (*path, name))
        case _:
            yield path, node


def _bound(target: ast.expr, path: _Path) -> str:
    """What an element is called that is bound with a target; empty where it has no name."""
    left = list(path)
    while left and isinstance(target, (ast.Tuple, ast.List)):
        index = left.pop(0)
        if not isinstance(index, int) or index >= len(target.elts):
            return ""
        target = target.elts[index]
    if not isinstance(target, (ast.Name, ast.Attribute)):
        return ""
    return ast.unparse(target) + "".join(f"[{index!r}]" for index in left)


def _aliases(name: str, steps: tuple[Step, ...]) -> set[str]:
    """The names of a value, also of it in another form: ``a`` and ``x`` of ``x = float(a)``."""
    names = {name}
    for step in steps:
        match step.node:
            case ast.Assign(targets=[ast.Name(id=bound)], value=value) if _text(value) in names:
                names.add(bound)
            case _:
                pass
    return names


def _is_one_of(names: set[str]) -> _Holds:
    return lambda part: any(_text(each) in names for each in ast.walk(part))


def _holds_together(step: Step, one: set[str], other: set[str]) -> bool:
    """Whether a statement has the two as the sides of a comparison or of a difference."""
    for sides in (*comparisons((step,)), *map(list, contrasts_in(step))):
        texts = [_text(side) for side in sides]
        if any(text in one for text in texts) and any(text in other for text in texts):
            return True
    return False


def _text(node: ast.AST) -> str:
    core = bare(node)
    return ast.unparse(core) if isinstance(core, (ast.Name, ast.Attribute, ast.Subscript)) else ""
