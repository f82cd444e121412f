"""Methods that take their object a step further, and what they only look at on the way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache

from keystream._evidence.names import (
    COLLECTS,
    MAKERS,
    Step,
    chain_at,
    dotted,
    header,
    names_read,
    overlap,
    reach,
    step_of,
    steps_of,
)
from keystream._evidence.program import program_of
from keystream._evidence.source import called, scope_of, source_of, statement
from keystream._evidence.uses import Stack
from keystream._findings import Location

Methods = dict[str, ast.FunctionDef]

_NO_STATE = (
    MAKERS | COLLECTS | {"max", "min", "maximum", "minimum"}
)  # a next key; a record of the best


class Role(Enum):
    """What a draw is for within a method that takes its object a step further.

    Attributes:
        STEP: the next state is made of it.
        LOOK: nothing that the object goes on with is made of it.
    """

    STEP = "step"
    LOOK = "look"


def methods_around(place: Location) -> Methods:
    """The methods of the class that a place stands in."""
    source, node = source_of(place.path), statement(place)
    if source is None or node is None:
        return {}
    classes = (each for each in source.around(node) if isinstance(each, ast.ClassDef))
    found = next(classes, None)
    return methods_of(found) if found is not None else {}


def methods_of(cls: ast.ClassDef) -> Methods:
    """The methods that a class defines itself."""
    return {each.name: each for each in cls.body if isinstance(each, ast.FunctionDef)}


def sets_itself(method: ast.FunctionDef | None) -> bool:
    """Whether a method binds attributes of its object."""
    if method is None:
        return False
    own = _own(method)
    return any(name.startswith(f"{own}.") for step in steps_of(method) for name in step.stores)


def role_in_step(place: Location, inside: Stack) -> Role | None:
    """What a draw is for, if a method at a place takes its object a step further: called, or given it.

    Such a method makes attributes of what they were, ``self.params = update(self.params, batch)``, or
    calls one on its object that does.

    Args:
        place: of the call.
        inside: the lines by which the draw is reached from there, innermost first.

    Returns:
        None of a call of anything else.
    """
    node, method = statement(place), scope_of(inside[-1]) if inside else None
    call = chain_at(node, place) if node is not None else None
    if node is None or call is None:
        return None
    if _is_given_to_step(node, call, place.path):
        return Role.STEP
    if not isinstance(method, ast.FunctionDef):
        return None
    if not isinstance(call.func, ast.Attribute) or call.func.attr != method.name:
        return None
    return _role(method, methods_around(inside[-1]), inside)


def role_in_method(method: ast.FunctionDef, inside: Stack) -> Role | None:
    """The same of a method, whoever calls it; `inside` ends with the line of the method itself."""
    return _role(method, methods_around(inside[-1]), inside) if inside else None


def advances(path: str, name: str) -> bool:
    """Whether a class of a program, of those that a file reaches, has a method that is such a step.

    Args:
        path: of the file in which the method is called.
        name: of the method.
    """
    return any(_advances_in(tree, name) for tree in program_of(path))


@lru_cache(maxsize=1024)
def _advances_in(tree: ast.Module, name: str) -> bool:
    classes = (each for each in ast.walk(tree) if isinstance(each, ast.ClassDef))
    defined = (methods for methods in map(methods_of, classes) if name in methods)
    return any(_advanced(methods[name], methods, set()) for methods in defined)


def _is_given_to_step(node: ast.stmt, call: ast.Call, path: str) -> bool:
    """Whether a statement gives the result of a call to a step: ``agent.learn(buffer.sample())``."""
    takers = (each for each in ast.walk(node) if isinstance(each, ast.Call) and each is not call)
    return any(
        isinstance(taker.func, ast.Attribute)
        and any(part is call for given in _arguments(taker) for part in ast.walk(given))
        and advances(path, taker.func.attr)
        for taker in takers
    )


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _role(method: ast.FunctionDef, methods: Methods, inside: Stack) -> Role | None:
    state = _advanced(method, methods, set())
    if not state:
        return None
    line = statement(inside[-1])
    call = chain_at(line, inside[-1]) if line is not None else None
    inner = scope_of(inside[-2]) if len(inside) > 1 else None
    if isinstance(inner, ast.FunctionDef) and _is_on(_own(method), call, inner):
        return _role(inner, methods, inside[:-1]) or _of_result(method, state, line)
    return _of_result(method, state, line)


def _of_result(method: ast.FunctionDef, state: set[str], line: ast.stmt | None) -> Role:
    """What the results of a line of a method are for."""
    if line is None:
        return Role.STEP
    own = _own(method)
    kept = {f"{own}.{name}" for name in state}
    names = set(step_of(line).stores)
    later = [step for step in steps_of(method) if step.node.lineno > line.lineno]
    return Role.STEP if overlap(reach(names, later) | names, kept) else Role.LOOK


def _is_on(own: str, call: ast.Call | None, method: ast.FunctionDef) -> bool:
    """Whether a call is of a method on the object itself."""
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)):
            return name == own and attr == method.name
        case _:
            return False


def _advanced(method: ast.FunctionDef, methods: Methods, seen: set[str]) -> set[str]:
    """The attributes that a method, or one that it calls on its object, makes of what they were."""
    seen.add(method.name)
    own, steps = _own(method), steps_of(method)
    found: set[str] = set()
    for number, step in enumerate(steps):
        kept = {name for name in step.stores if name.startswith(f"{own}.")}
        if kept and overlap(
            _made_of(step, own, methods), reach(set(kept), steps[:number], frozenset({own}))
        ):
            found |= {name.removeprefix(f"{own}.") for name in kept}
    for name in _called_on(own, steps):
        if name in methods and name not in seen:
            found |= _advanced(methods[name], methods, seen)
    return found


def _made_of(step: Step, own: str, methods: Methods) -> set[str]:
    """What a statement makes the next values of names of.

    Of a sum, what is added: ``self.total = self.total + loss`` alone makes no state. Nor do a record of
    the best and a next key.
    """
    if not isinstance(step.node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        return set()
    value = step.node.value
    if value is None or (isinstance(value, ast.Call) and called(value.func) in _NO_STATE):
        return set()
    parts = [value]
    if isinstance(value, ast.BinOp):
        parts = [each for each in (value.left, value.right) if dotted(each) not in step.stores]
    loads = set[str]().union(*map(names_read, parts))
    for name in _called_on(own, (step,)):
        loads |= attributes_read(methods.get(name), own)
    return loads - {own}


def attributes_read(method: ast.FunctionDef | None, own: str) -> set[str]:
    """The attributes of its object that a method reads, under the name that a caller has for it.

    A method that reads all of its object, as one does that calls another, reads that name itself.
    """
    mine = _own(method) if method is not None else ""
    if method is None or not mine:
        return set()
    names = set[str]().union(*(step.loads for step in steps_of(method)))
    return {f"{own}{name[len(mine) :]}" for name in names if (name + ".").startswith(f"{mine}.")}


def _called_on(own: str, steps: tuple[Step, ...]) -> Iterator[str]:
    """The methods that some statements call on an object."""
    for step in steps:
        for part in header(step.node)[1]:
            for each in ast.walk(part):
                match each:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)):
                        if name == own:
                            yield attr
                    case _:
                        pass


def _own(method: ast.FunctionDef) -> str:
    return method.args.args[0].arg if method.args.args else ""
