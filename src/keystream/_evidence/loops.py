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
from keystream._evidence.figures import measures
from keystream._evidence.flow import is_shown
from keystream._evidence.leaving import callers_rank
from keystream._evidence.names import (
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
from keystream._evidence.objects import Role, role_in_step
from keystream._evidence.settings import written_out
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
        changing: of what the call is given, something is made anew by the turns.
        state: that, and all else that it is given is the same in each turn: no element that the loop
            runs over, and nothing that was drawn or loaded for the turn. It looks again at what the
            loop changes; so does a look within a method that takes its object a step further.
        alike: nothing that the call is given changes from turn to turn.
        used: anything takes the result.
    """

    line: Location
    carried: bool
    settings: bool
    varied: bool
    compared: bool
    ranked: bool
    changing: bool
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


def turn_of(place: Location, loop: Loop, inside: Stack = (), outer: Stack = ()) -> Turn | None:
    """How the call at a place stands in a loop of its function.

    Args:
        place: of the call.
        loop: around it.
        inside: the lines by which a draw is reached from there, innermost first: where the call is of
            a method that takes its object a step further, they tell whether the draw is part of it.
        outer: the lines that called the function, innermost first: they may rank what the turns give.
    """
    source, node, scope = source_of(place.path), statement(place), scope_of(place)
    if source is None or node is None or scope is None:
        return None
    step = step_of(node)
    if isinstance(loop, ast.comprehension):
        return _comprehended(place, loop, step, steps_of(scope), outer)
    body = body_of(loop, scope)
    target = set(step_of(loop).stores)  # of a `while` what its condition binds
    given = set(_given(node, place))
    made_anew = set().union(*(s.stores for s in body)) - target if body else set()
    result, read = set(step.stores), step.loads
    if _adds_up(node) or (isinstance(node, ast.Expr) and chain_at(node, place) is not node.value):
        # Its result goes into a sum, or to another call, such as a logger's.
        read = frozenset(given)
    elif isinstance(node, ast.Expr) and not is_shown(node) and not step.collects:
        result |= given  # a call for its effect: it may change whatever it is given
    carried = _is_carried(step, read, result, body)
    state = state_of(body)
    before = [s for s in body if s.node.lineno < node.lineno]
    element = reach(target, before, beside=state) if target else set()
    looked = reach(set(state), (s for s in before if not overlap(s.stores, state)))
    role = role_in_step(place, inside)
    changing = overlap(given, looked) or role is not None
    looks = not isinstance(node, (ast.For, ast.AsyncFor)) or not enters_state(place, loop)
    return Turn(
        Location(place.path, loop.lineno, 0, place.function),
        carried=(carried and role is not Role.LOOK) or role is Role.STEP,
        settings=written_out(getattr(loop, "iter", None), scope)
        and (overlap(given, element) or (not state and _is_in_run(node, place, body))),
        varied=overlap(given, element),
        compared=turns_compared(place, body, steps_of(scope)),
        ranked=_is_ranked(place, kept_in(place, body), steps_of(scope), outer),
        changing=changing,
        state=role is Role.LOOK
        or (
            changing
            and looks
            and not overlap(given, _made_for_turn(before, state, looked, element))
            and measures(place, inside)
        ),
        alike=not overlap(given, made_anew | target),
        used=bool(result or step.collects) or not isinstance(node, ast.Expr),
    )


def _is_ranked(place: Location, kept: set[str], steps: tuple[Step, ...], outer: Stack) -> bool:
    ranked_here = container_ordered(kept, steps) or container_contrasted(kept, steps)
    return ranked_here or callers_rank(place, kept, outer)


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
    for number, place in enumerate(stack):
        loop = loop_between(place, made.get((place.path, place.function)))
        turn = turn_of(place, loop, stack[:number]) if loop is not None else None
        if turn is not None and turn.state and not turn.carried:
            return True
    return False


def is_run(place: Location) -> bool:
    """Whether the function around a place is a whole run."""
    scope = scope_of(place)
    return scope is not None and runs(scope)


def runs(function: object) -> bool:
    """Whether a function is a whole run: it carries a state through a loop of its own.

    A chain of keys is no state, and who yields hands on what another function goes through.
    """
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    parts = list(ast.walk(function))
    if any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in parts):
        return False
    calls = (each for each in parts if isinstance(each, ast.Call))
    if any(called(each.func) in _COMPILED_LOOPS for each in calls):
        return True
    return any(
        any(arm.loop for arm in step.arms)
        and isinstance(step.node, ast.Assign)
        and overlap(step.stores, step.loads)
        and any(_goes_on(part) for part in ast.walk(step.node.value))
        for step in steps_of(function)
    )


def enters_state(place: Location, loop: ast.AST) -> bool:
    """Whether what the statement at a place computes gets into what a loop carries.

    Of a comprehension, and of what binds no name, it is taken to.
    """
    node, scope = statement(place), scope_of(place)
    if node is None or scope is None or not isinstance(loop, (ast.For, ast.AsyncFor, ast.While)):
        return True
    body = body_of(loop, scope)
    names = set(step_of(node).stores)
    sums = {name for s in body if isinstance(s.node, ast.AugAssign) for name in s.stores}
    return not names or overlap(_reach_on(names, node, body) | names, state_of(body) | sums)


def is_run_in(place: Location, loop: Loop) -> bool:
    """Whether the turns of a loop are runs, begun by the statement at a place, that hand nothing on.

    What it computes goes into the state of a loop within the loop, and not into what the loop carries.
    """
    node, scope = statement(place), scope_of(place)
    if node is None or scope is None or isinstance(loop, ast.comprehension):
        return False
    if enters_state(place, loop):
        return False
    body = body_of(loop, scope)
    later = [step for step in body if step.node.lineno > node.lineno]
    reached = reach(set(step_of(node).stores), later)
    inner = [each.node for each in body if isinstance(each.node, (ast.For, ast.While))]
    return any(overlap(reached, _trained(body_of(each, scope))) for each in inner)


def _trained(body: list[Step]) -> set[str]:
    """The names that a loop makes of themselves, chains of keys aside."""
    return {
        name
        for step in body
        if isinstance(step.node, (ast.Assign, ast.AugAssign)) and overlap(step.stores, step.loads)
        if isinstance(step.node, ast.AugAssign) or not _derives(step.node.value)
        for name in step.stores & step.loads
    }


def _derives(node: ast.expr) -> bool:
    """Whether an expression makes keys, and nothing else."""
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
    return bool(calls) and not any(map(_goes_on, calls))


def body_of(loop: ast.For | ast.AsyncFor | ast.While, scope: Scope) -> list[Step]:
    """The statements of a loop, those of the statements in it among them."""
    return [step for step in steps_of(scope) if within(step.node, loop)]


def _goes_on(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and called(node.func) not in MAKERS


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
        for step in body_of(loop, scope):
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


def state_of(body: list[Step]) -> frozenset[str]:
    """The names that a loop carries: each turn makes them of what the turn before has left."""
    stored: set[str] = set()
    carried: set[str] = set()
    for step in body:
        own = _comprehension_names(step.node)
        carried |= {name for name in step.loads if name not in stored | own}
        stored |= step.stores - own
    return frozenset(name for name in stored if overlap({name}, carried))


def _made_for_turn(
    before: list[Step], state: frozenset[str], looked: set[str], element: set[str]
) -> set[str]:
    """What the statements before a call make for the turn alone: keys, and batches drawn or loaded.

    Args:
        before: the statements of the loop before the call.
        state: what the loop carries.
        looked: that, and what is made of it.
        element: what comes of the element that the loop runs over.
    """
    made = set(element)
    for step in before:
        if overlap(step.stores, state):  # beside the next state: key, subkey = split(key)
            made |= step.stores - looked
        elif overlap(step.loads, made) or any(
            _may_advance(part, looked) for part in header(step.node)[1]
        ):
            made |= step.stores
    return made


def _may_advance(node: ast.AST, looked: set[str]) -> bool:
    """Whether an expression asks an object for something, which may be another thing each time.

    An object that the loop carries is looked at, and the elements of a container stay as they are.
    """
    for each in ast.walk(node):
        match each:
            case ast.Call(func=ast.Name(id="next")):
                return True
            case ast.Call(func=ast.Attribute(value=owner, attr=name) as method):
                own = is_of_module(method) or overlap(names_read(owner), looked)
                if not own and name not in ("items", "values", "keys"):
                    return True
            case _:
                pass
    return False


def _comprehension_names(node: ast.stmt) -> set[str]:
    """The names that the comprehensions of a statement bind for themselves."""
    parts = (each for part in header(node)[1] for each in ast.walk(part))
    return {
        name
        for each in parts
        if isinstance(each, ast.comprehension)
        for name in names_bound(each.target)
    }


def within(node: ast.stmt, loop: ast.For | ast.AsyncFor | ast.While) -> bool:
    """Whether a statement stands in the body of a loop."""
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
    return bool(result) and overlap(read, _reach_on(result, step.node, body))


def _reach_on(names: set[str], node: ast.stmt, body: list[Step]) -> set[str]:
    """What values that a statement binds reach: to the end of its turn, and up to it in the next."""
    later = [s for s in body if s.node.lineno > node.lineno]
    earlier = [s for s in body if s.node.lineno < node.lineno]
    return reach(reach(set(names), later), earlier)


def _adds_up(node: ast.stmt) -> bool:
    """Whether a statement adds a result to others, or keeps the best: ``total = total + loss``."""
    match node:
        case ast.AugAssign():
            return True
        case ast.Assign(targets=[target], value=ast.BinOp(left=left, right=right)):
            return dotted(target) in (dotted(left), dotted(right))
        case ast.Assign(value=ast.Call(func=function)):
            return called(function) in ("max", "min", "maximum", "minimum")
        case _:
            return False


def _comprehended(
    place: Location,
    loop: ast.comprehension,
    step: Step,
    steps: tuple[Step, ...],
    outer: Stack,
) -> Turn:
    """How a call stands in a comprehension: nothing is carried there."""
    target = set(names_bound(loop.target))
    given = set(_given(step.node, place))
    return Turn(
        Location(place.path, step.node.lineno, 0, place.function),
        carried=False,
        settings=written_out(loop.iter, scope_of(place)) and overlap(given, target),
        varied=overlap(given, target),
        compared=container_compared(set(step.stores), steps),
        ranked=_is_ranked(place, set(step.stores), steps, outer),
        changing=False,
        state=False,
        alike=not overlap(given, target),
        used=True,
    )
