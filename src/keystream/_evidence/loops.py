"""How a call stands in the loop that repeats it: what is carried, what varies, what is compared."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from keystream._evidence.comparing import (
    container_compared,
    container_contrasted,
    container_ordered,
    kept_in,
    turns_compared,
)
from keystream._evidence.flow import is_shown
from keystream._evidence.names import (
    COLLECTS,
    MAKERS,
    Step,
    chain_at,
    dotted,
    header,
    names_bound,
    names_read,
    overlap,
    reach,
    step_of,
    steps_of,
)
from keystream._evidence.source import (
    Loop,
    Scope,
    called,
    is_of_module,
    loops_at,
    scope_of,
    source_of,
    statement,
)
from keystream._evidence.uses import Stack
from keystream._findings import Location

_COMPILED_LOOPS = frozenset({"scan", "fori_loop", "while_loop"})  # of jax.lax
_SPACED = frozenset({"linspace", "logspace", "geomspace", "product"})


@dataclass(frozen=True, slots=True)
class Turn:
    """How a call stands in the loop that repeats it.

    Attributes:
        line: where the loop begins.
        carried: a turn's result goes into the call's arguments in a later turn.
        settings: the loop runs over values that are written out, and hands each to the call, or goes
            through a loop of its own with each, to which the call belongs, and hands nothing on.
        varied: the call is given something that differs with the turn.
        compared: the results of turns are compared with each other.
        ranked: the results are kept, and put in order, or the best of them taken, or their differences.
        state: of what the call is given, something is made anew by the turns, and nothing is an
            element that the loop runs over: it looks again at what the loop changes.
        alike: nothing that the call is given changes from turn to turn.
        used: anything takes the result.
    """

    line: Location
    carried: bool
    settings: bool
    varied: bool
    compared: bool
    ranked: bool
    state: bool
    alike: bool
    used: bool


def loop_between(place: Location, origin: Location | None) -> Loop | None:
    """The outermost loop around a line that does not run `origin` anew, as far as its function goes."""
    loops = loops_at(place)
    if origin is not None and origin.path == place.path:
        made_in = scope_of(origin)
        if made_in is not None and made_in is scope_of(place):
            inside = loops_at(origin)
            loops = tuple(loop for loop in loops if loop not in inside)
    return loops[-1] if loops else None


def turn_of(place: Location, loop: Loop) -> Turn | None:
    """How the call at a place stands in a loop of its function."""
    source, node, scope = source_of(place.path), statement(place), scope_of(place)
    if source is None or node is None or scope is None:
        return None
    step = step_of(node)
    if isinstance(loop, ast.comprehension):
        return _comprehended(place, loop, step, steps_of(scope))
    body = [s for s in steps_of(scope) if _within(s.node, loop)]
    target = set(step_of(loop).stores)  # of a `while` what its condition binds
    given = set(_given(node, place))
    made_anew = set().union(*(s.stores for s in body)) - target if body else set()
    result, read = set(step.stores), step.loads
    if isinstance(node, ast.Expr) and chain_at(node, place) is not node.value:
        read = frozenset(given)  # its result goes to another call, such as a logger's
    elif isinstance(node, ast.Expr) and not is_shown(node) and not step.collects:
        result |= given  # a call for its effect: it may change whatever it is given
    carried = _is_carried(step, read, result, body)
    state = _state(body)
    before = [s for s in body if s.node.lineno < node.lineno]
    element = reach(target, before, beside=state) if target else set()
    return Turn(
        Location(place.path, loop.lineno, 0, place.function),
        carried=carried,
        settings=_is_written_out(loop, scope)
        and (overlap(given, element) or (not state and _is_in_run(node, place, body))),
        varied=overlap(given, element),
        compared=turns_compared(place, body, steps_of(scope)),
        ranked=_is_ranked(kept_in(place, body), steps_of(scope)),
        state=overlap(given, state) and not overlap(given, element),
        alike=not overlap(given, made_anew | target),
        used=bool(result or step.collects) or not isinstance(node, ast.Expr),
    )


def _is_ranked(kept: set[str], steps: tuple[Step, ...]) -> bool:
    return container_ordered(kept, steps) or container_contrasted(kept, steps)


def _is_in_run(node: ast.stmt, place: Location, body: list[Step]) -> bool:
    """Whether a call stands in a loop within the loop, or is what such a loop goes over."""
    inner = [each.node for each in body if isinstance(each.node, (ast.For, ast.While))]
    around = loops_at(place)
    return any(each is node or each in around for each in inner)


def looks_again(stack: Stack, origin: Stack) -> bool:
    """Whether a loop on the way to a draw looks, with one key, at what it changes from turn to turn.

    So does an evaluation with one key in each epoch, whatever runs the training again.

    Args:
        stack: of the draw, innermost line first.
        origin: of what made the key.
    """
    made = {(place.path, place.function): place for place in origin}
    for place in stack:
        loop = loop_between(place, made.get((place.path, place.function)))
        turn = turn_of(place, loop) if loop is not None else None
        if turn is not None and turn.state and not turn.carried:
            return True
    return False


def is_run(place: Location) -> bool:
    """Whether the function around a place is a whole run: it carries a state through a loop of its own.

    A chain of keys is no state, and who yields hands on what another function goes through.
    """
    scope = scope_of(place)
    if not isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    if any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in ast.walk(scope)):
        return False
    parts = (each for each in ast.walk(scope) if isinstance(each, ast.Call))
    if any(called(each.func) in _COMPILED_LOOPS for each in parts):
        return True
    return any(
        any(arm.loop for arm in step.arms)
        and isinstance(step.node, ast.Assign)
        and overlap(step.stores, step.loads)
        and any(_goes_on(part) for part in ast.walk(step.node.value))
        for step in steps_of(scope)
    )


def _goes_on(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and called(node.func) not in MAKERS


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
    methods = _methods_around(inner[-1]) if inner else {}
    if call is None or not isinstance(call.func, ast.Attribute) or call.func.attr not in methods:
        return False
    owner = dotted(call.func.value)
    body = [step for step in steps_of(scope) if _within(step.node, loop)]
    called_too = {
        method.attr
        for step in body
        for _, method in _method_calls(step)
        if dotted(method.value) == owner
    }
    looking = methods[call.func.attr]
    set_here = {name for step in body for name in step.stores if step.node is not node}
    changed = any(_sets_itself(methods[each]) for each in called_too & methods.keys())
    changed = changed or overlap(_attributes_read(looking, owner), set_here)
    looks = not _sets_itself(looking)
    return bool(owner) and changed and looks and not _goes_to_object(step_of(node), call, body)


def _attributes_read(method: ast.FunctionDef, owner: str) -> set[str]:
    """The attributes of its object that a method reads, under the caller's name, or all of it."""
    own = method.args.args[0].arg if method.args.args else ""
    names = set[str]().union(*(step.loads for step in steps_of(method)))
    read = {f"{owner}{name[len(own) :]}" for name in names if name.startswith(f"{own}.")}
    return read | ({owner} if own in names else set())


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
    return overlap(reached, _state(body)) or any(overlap(each.loads, reached) for each in before)


def _method_calls(step: Step) -> Iterator[tuple[ast.Call, ast.Attribute]]:
    """The calls of a statement that are of methods of an object, each with the method."""
    for part in header(step.node)[1]:
        for each in ast.walk(part):
            match each:
                case ast.Call(func=ast.Attribute() as method) if not is_of_module(method):
                    yield each, method
                case _:
                    pass


def changed_arguments(call: ast.Call, loop: Loop, scope: Scope) -> list[ast.expr]:
    """What a call is given, its object too, that differs with the turn of a loop.

    It may differ by what the loop runs over, by being bound anew, or by what other calls in the loop,
    which are given it too, make of it: a step that trains an object changes what is evaluated.
    """
    if isinstance(loop, ast.comprehension):
        names = set(names_bound(loop.target))
    else:
        own = [call, *(each for each in ast.walk(call) if isinstance(each, ast.Call))]
        names = set(step_of(loop).stores)
        for step in (s for s in steps_of(scope) if _within(s.node, loop)):
            names |= step.stores
            for part in header(step.node)[1]:
                for each in ast.walk(part):
                    if isinstance(each, ast.Call) and not any(each is mine for mine in own):
                        names |= _handed(each)
    given = [call.func.value] if isinstance(call.func, ast.Attribute) else [call.func]
    given += [*call.args, *(keyword.value for keyword in call.keywords)]
    return [each for each in given if overlap(names_read(each), names)]


def _handed(call: ast.Call) -> frozenset[str]:
    """The names that a call is given as they are, its object too: it may change what they hold."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if isinstance(call.func, ast.Attribute) and not is_of_module(call.func):
        given.append(call.func.value)
    return frozenset(dotted(each) for each in given if dotted(each))


def _state(body: list[Step]) -> frozenset[str]:
    """The names that a loop carries: each turn makes them of what the turn before has left."""
    stored: set[str] = set()
    carried: set[str] = set()
    for step in body:
        own = _comprehension_names(step.node)
        carried |= {name for name in step.loads if name not in stored | own}
        stored |= step.stores - own
    return frozenset(name for name in stored if overlap({name}, carried))


def _comprehension_names(node: ast.stmt) -> set[str]:
    """The names that the comprehensions of a statement bind for themselves."""
    parts = (each for part in header(node)[1] for each in ast.walk(part))
    return {
        name
        for each in parts
        if isinstance(each, ast.comprehension)
        for name in names_bound(each.target)
    }


def _methods_around(place: Location) -> dict[str, ast.FunctionDef]:
    """The methods of the class that a place stands in."""
    source, node = source_of(place.path), statement(place)
    if source is None or node is None:
        return {}
    classes = (each for each in source.around(node) if isinstance(each, ast.ClassDef))
    found = next(classes, None)
    body = found.body if found is not None else []
    return {each.name: each for each in body if isinstance(each, ast.FunctionDef)}


def _sets_itself(method: ast.FunctionDef | None) -> bool:
    """Whether a method binds attributes of its object."""
    if method is None:
        return False
    own = method.args.args[0].arg if method.args.args else ""
    return any(name.startswith(f"{own}.") for step in steps_of(method) for name in step.stores)


def _within(node: ast.stmt, loop: ast.For | ast.AsyncFor | ast.While) -> bool:
    return loop.lineno < node.lineno <= (loop.end_lineno or 0) or (
        node.lineno == loop.lineno and node is not loop
    )


def _given(node: ast.stmt, place: Location) -> Iterator[str]:
    """The names given to the call at a place: to the innermost one that covers it, with its chain."""
    call = chain_at(node, place)
    if call is None:
        yield from step_of(node).loads
        return
    for part in (*call.args, *(keyword.value for keyword in call.keywords)):
        yield from names_read(part)
    if isinstance(call.func, ast.Attribute):
        yield from names_read(call.func.value)
    elif isinstance(call.func, ast.Call):  # jax.grad(loss)(params, key)
        yield from names_read(call.func)


def _is_carried(step: Step, read: frozenset[str], result: set[str], body: list[Step]) -> bool:
    """Whether a result reaches what is read at a statement in a later turn."""
    if not result:
        return False
    if isinstance(step.node, ast.AugAssign):
        result = set()  # a sum of results is no state of the call
    later = [s for s in body if s.node.lineno > step.node.lineno]
    earlier = [s for s in body if s.node.lineno < step.node.lineno]
    return overlap(read, reach(reach(set(result), later), earlier))


def _is_written_out(loop: Loop, scope: Scope) -> bool:
    """Whether a loop runs over values that stand in the source, or are spaced evenly."""
    return isinstance(loop, (ast.For, ast.AsyncFor, ast.comprehension)) and _is_settings(
        loop.iter, scope, 3
    )


def _is_settings(node: ast.AST, scope: Scope, depth: int) -> bool:
    """Whether an expression is a container of settings: numbers, texts, functions; no arrays."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return bool(node.elts) and all(map(_is_setting, node.elts))
    if isinstance(node, ast.Dict):
        return bool(node.keys) and all(map(_is_setting, node.values))
    if isinstance(node, ast.Call):
        name = called(node.func)
        if name in _SPACED:
            return True
        if name in ("items", "values", "keys") and isinstance(node.func, ast.Attribute):
            return _is_settings(node.func.value, scope, depth)
        if name in ("enumerate", "zip", "sorted", "list", "tuple") and node.args:
            return any(_is_settings(each, scope, depth) for each in node.args)
        return False
    if isinstance(node, ast.Name) and depth:
        values = [
            each.node.value
            for each in steps_of(scope)
            if isinstance(each.node, ast.Assign) and node.id in each.stores
        ]
        return len(values) == 1 and _is_settings(values[0], scope, depth - 1)
    return False


def _is_setting(node: ast.AST) -> bool:
    match node:
        case ast.Constant() | ast.Name() | ast.Attribute() | ast.Lambda():
            return True
        case ast.UnaryOp():
            return _is_setting(node.operand)
        case ast.BinOp():
            return _is_setting(node.left) and _is_setting(node.right)
        case ast.Tuple() | ast.List():
            return all(map(_is_setting, node.elts))
        case ast.Dict():
            return all(map(_is_setting, node.values))
        case ast.Call():  # a record of settings: Config(rate=0.1)
            return not node.args and all(_is_setting(each.value) for each in node.keywords)
        case _:
            return False


def _comprehended(
    place: Location, loop: ast.comprehension, step: Step, steps: tuple[Step, ...]
) -> Turn:
    """How a call stands in a comprehension: nothing is carried there."""
    target = set(names_bound(loop.target))
    given = set(_given(step.node, place))
    return Turn(
        Location(place.path, step.node.lineno, 0, place.function),
        carried=False,
        settings=_is_settings(loop.iter, scope_of(place) or ast.Module([], []), 3)
        and overlap(given, target),
        varied=overlap(given, target),
        compared=container_compared(set(step.stores), steps),
        ranked=_is_ranked(set(step.stores), steps),
        state=False,
        alike=not overlap(given, target),
        used=True,
    )
