"""Keys of their own for uses that share one: what to paste, in the reader's own names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from keystream._evidence.names import Step, chain_at, steps_of
from keystream._evidence.source import Scope, loops_at, scope_of, source_of
from keystream._findings import Location
from keystream._judge.rewriting import (
    binds,
    has_parameter,
    is_bound,
    is_on_its_rows,
    reads,
    rewritten,
    statement_at,
    uses_of,
)

Shared = list[tuple[ast.stmt, list[ast.expr]]]  # statements, each with its uses of a key

_WORDS = ("first", "second", "third", "fourth", "fifth", "sixth")  # beyond them they are numbered


def own_keys(places: Sequence[Location], names: Sequence[str], lines: Iterable[Location]) -> str:
    """The line that splits a key, and the statements that share it as they read with its parts.

    Args:
        places: of two uses in one function, in the order in which they ran.
        names: by which they are given the key; the first is the one to split.
        lines: where other uses may stand.
    """
    shared = shared_by(places, names, list(lines))
    if not shared:
        return split_off(names[0], "first_key", "second_key", rebind=False)
    edited = [use for _, uses in shared for use in uses]
    rebind = _is_needed_later(names[0], shared[0][0], edited, places[0])
    return "\n".join(with_parts(names[0], shared, places[0], rebind=rebind))


def with_parts(name: str, shared: Shared, place: Location, *, rebind: bool) -> list[str]:
    """The line that splits a key, and some statements as they read with its parts.

    Args:
        name: of the key.
        shared: the statements, each with its uses of the key.
        place: in the function.
        rebind: whether the variable gets a part too, for what reads it later.
    """
    edited = [use for _, uses in shared for use in uses]
    if len(edited) > len(_WORDS):
        keys = unused("keys", place)
        changes = {use: f"{keys}[{number}]" for number, use in enumerate(edited)}
        target = f"{name}, *{keys}" if rebind else keys
        split = f"{target} = jax.random.split({name}, {len(edited) + rebind})"
    else:
        own = [unused(f"{word}_key", place) for word in _WORDS[: len(edited)]]
        rebind = rebind or len(own) < 2  # the other use has no name here
        changes = dict(zip(edited, own, strict=True))
        split = split_off(name, *own, rebind=rebind)
    text = rewritten(place.path, [node for node, _ in shared], changes)
    return [split, text] if text else [split]


def one_part(
    place: Location, names: Sequence[str], kept: Location | None = None, part: str = "draw_key"
) -> str:
    """The line that splits a key off for one use, and the statement of this use with it.

    Args:
        place: of the use.
        names: by which it is given the key; the first is the one to split.
        kept: of another use, which gets the rest of the key.
        part: the name of the new key.
    """
    name, node = names[0], statement_at(place)
    if node is None:
        return split_off(name, part, rebind=True)
    uses = uses_at(place, names)
    other = statement_at(kept) if kept is not None else None
    part = unused(part, place)
    changes = dict.fromkeys(uses, part)
    nodes = [node]
    rebind = is_bound(name, place) or kept is None
    if rebind:
        split = split_off(name, part, rebind=True)
        if other is not None and other is not node and other.lineno <= node.lineno:
            nodes.insert(0, other)  # it comes first: the key is split before it
    else:
        rest = unused("split_key", place)
        split = split_off(name, part, rest, rebind=False)
        if kept is not None and other is not None:
            changes |= {use: rest for use in uses_at(kept, names) if use not in changes}
            nodes.append(other)
    text = rewritten(place.path, list(dict.fromkeys(nodes)), changes)
    return f"{split}\n{text}" if text else split


def split_off(name: str, *own: str, rebind: bool) -> str:
    """The line that splits a key, of which the variable itself may get the first part."""
    parts = (name, *own) if rebind else own
    count = f", {len(parts)}" if len(parts) > 2 else ""
    return f"{', '.join(parts)} = jax.random.split({name}{count})"


def uses_at(place: Location, names: Sequence[str]) -> list[ast.expr]:
    """Where the call at a place is given a key."""
    node = statement_at(place)
    if node is None:
        return []
    call = chain_at(node, place)
    found = uses_of(names, reads(node) if call is None else [call])
    return [use for use in found if is_on_its_rows(use, node)]


def shared_by(
    places: Sequence[Location],
    names: Sequence[str],
    lines: Sequence[Location],
    *,
    nested: bool = False,
) -> Shared:
    """The statements that share a key, up to where its variable is bound anew.

    Args:
        places: of uses in one function.
        names: by which they are given the key.
        lines: where other uses may stand.
        nested: they may stand in functions within the function too, and it in another.
    """
    scope = scope_of(places[0])
    named = [node for node in map(statement_at, places) if node is not None]
    if scope is None or isinstance(scope, ast.Lambda) or not named:
        return []
    rows = {(place.path, place.line) for place in lines}
    first = min(map(_position, named))
    found: Shared = []
    for step in _steps_within(scope, names[0], places[0].path) if nested else steps_of(scope):
        node = step.node
        uses = [use for use in uses_of(names, reads(node)) if is_on_its_rows(use, node)]
        later = nested or _position(node) > first
        named_too = later and any((places[0].path, use.lineno) in rows for use in uses)
        if uses and (named_too or any(node is each for each in named)):
            found.append((node, uses))
        if found and names[0] in step.stores and not nested:
            break
    return found


def _steps_within(scope: Scope, name: str, path: str) -> list[Step]:
    """The statements of the function that has a variable, and of those in it, in their order."""
    source, owner = source_of(path), re.split(r"\W", name)[0]
    outermost: Scope = scope
    for each in source.around(scope) if source is not None else ():
        if not binds(outermost, owner) and isinstance(
            each, (ast.FunctionDef, ast.AsyncFunctionDef)
        ):
            outermost = each
    functions = [
        each
        for each in ast.walk(outermost)
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (each is outermost or not has_parameter(each, owner))
    ]
    steps = [step for each in functions for step in steps_of(each)]
    return sorted(steps, key=lambda step: _position(step.node))


def _position(node: ast.stmt) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _is_needed_later(
    name: str, first: ast.stmt, edited: Sequence[ast.expr], place: Location
) -> bool:
    """Whether a key is read beside the uses that get a key of their own, so it has to be a new one."""
    source, scope = source_of(place.path), scope_of(place)
    if source is None or scope is None or not is_bound(name, place):
        return False
    if not name.isidentifier():
        return True  # a field outlives the function
    if any(name not in _bound_in(loop) for loop in loops_at(place)):
        return True  # the next turn reads it again
    for use in uses_of([name], [scope]):
        functions = [
            each
            for each in source.around(use)
            if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        ]
        inner = functions[: functions.index(scope)] if scope in functions else functions
        if use in edited or any(binds(each, name) for each in inner):
            continue
        if inner or use.lineno >= first.lineno:
            return True
    return False


def _bound_in(loop: ast.AST) -> set[str]:
    """The variables that a loop binds."""
    found = (each for each in ast.walk(loop) if isinstance(each, ast.Name))
    return {each.id for each in found if isinstance(each.ctx, ast.Store)}


def unused(name: str, place: Location) -> str:
    """A name, with a number where the function at a place has a variable of that name."""
    scope = scope_of(place)
    number, found = 2, name
    while scope is not None and binds(scope, found):
        found, number = f"{name}_{number}", number + 1
    return found
