"""Whether a loop looks at an object that it changes, by another of its methods."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from keystream._evidence.loops import body_of, state_of
from keystream._evidence.names import (
    COLLECTS,
    Step,
    chain_at,
    dotted,
    header,
    names_read,
    overlap,
    reach,
    step_of,
)
from keystream._evidence.objects import attributes_read, methods_around, sets_itself
from keystream._evidence.source import is_of_module, loops_at, scope_of, statement
from keystream._evidence.uses import Stack
from keystream._findings import Location


def watches_object(stack: Stack, looped: Location) -> bool:
    """Whether the call at a place looks at an object that the loop changes, or another of its methods.

    So what is trained in each turn is looked at with one key in each. The method looks where it binds
    no attribute of its object, and where nothing but figures is made of its result: it goes back to no
    object, and into no later turn.

    Args:
        stack: of a draw, innermost line first.
        looped: the line of it in the loop.
    """
    node, scope, loop = statement(looped), scope_of(looped), next(iter(loops_at(looped)), None)
    if node is None or scope is None or not isinstance(loop, (ast.For, ast.While)):
        return False
    call = chain_at(node, looped)
    inner = stack[: stack.index(looped)] if looped in stack else ()
    methods = methods_around(inner[-1]) if inner else {}
    if call is None or not isinstance(call.func, ast.Attribute) or call.func.attr not in methods:
        return False
    owner = dotted(call.func.value)
    body = body_of(loop, scope)
    called_too = {
        method.attr
        for step in body
        for _, method in _method_calls(step)
        if dotted(method.value) == owner
    }
    looking = methods[call.func.attr]
    set_here = {name for step in body for name in step.stores if step.node is not node}
    changed = any(sets_itself(methods[each]) for each in called_too & methods.keys())
    changed = changed or overlap(attributes_read(looking, owner), set_here)
    looks = not sets_itself(looking)
    return bool(owner) and changed and looks and not _goes_to_object(step_of(node), call, body)


def _goes_to_object(step: Step, call: ast.Call, body: list[Step]) -> bool:
    """Whether an object is given what a call gives, or what is made of it; containers aside."""
    if any(given is call for each, _ in _method_calls(step) for given in each.args):
        return True
    reached = set(step.stores) if not isinstance(step.node, ast.Expr) else set[str]()
    for later in (each for each in body if each.node.lineno > step.node.lineno):
        for other, method in _method_calls(later):
            of_result = overlap(names_read(method.value), reached)
            given = any(overlap(names_read(part), reached) for part in other.args)
            if given and not of_result and method.attr not in COLLECTS:
                return True
        reached = reach(reached, (later,))
    before = (each for each in body if each.node.lineno < step.node.lineno)
    return overlap(reached, state_of(body)) or any(overlap(each.loads, reached) for each in before)


def _method_calls(step: Step) -> Iterator[tuple[ast.Call, ast.Attribute]]:
    """The calls of a statement that are of methods of an object, each with the method."""
    for part in header(step.node)[1]:
        for each in ast.walk(part):
            match each:
                case ast.Call(func=ast.Attribute() as method) if not is_of_module(method):
                    yield each, method
                case _:
                    pass
