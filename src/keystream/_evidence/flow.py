"""What a program does with two results: compares them, hands one to the other, uses both, or drops one.

Read from the syntax of one function, by its names. Names are followed, never interpreted: what a name
says is no evidence (`keystream._judge.words` quotes them, to explain).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from keystream._evidence.source import (
    Loop,
    Scope,
    called,
    loops_at,
    scope_of,
    source_of,
    spans,
    statement,
)
from keystream._findings import Location

# Functions of NumPy, JAX, chex, unittest, Keras and Python that say whether two values are equal.
_EQUALITIES = frozenset(
    {"allclose", "array_equal", "array_equiv", "isclose", "tree_all", "equal", "almost_equal", "eq"}
)
_ASSERTIONS = ("assert", "Assert")  # assert_array_equal, assertEqual, assert_trees_all_close
_COLLECTS = frozenset({"append", "extend", "add", "insert", "setdefault"})
# Functions of Python and NumPy that give values in another form.
_FORMS = frozenset(
    {"asarray", "array", "float", "int", "list", "tuple", "device_get", "block_until_ready", "item",
     "tolist", "copy", "key_data", "sum", "mean", "ravel", "flatten", "leaves", "tree_leaves", "bool", "str",
     "tobytes", "bytes", "all", "any", "max", "min", "abs", "stack"}
)  # fmt: skip
_SPACED = frozenset({"linspace", "logspace", "geomspace", "product"})


class Meeting(Enum):
    """What becomes of two results in the function in which their calls stand."""

    COMPARED = "compared with each other"
    UNUSED = "one of the two results is never used"
    FED = "the later takes the earlier's result"
    JOINED = "used together"
    COLLECTED = "kept beside each other"
    APART = "nothing takes both"


@dataclass(frozen=True, slots=True)
class Turn:
    """How a call stands in the loop that repeats it.

    Attributes:
        line: where the loop begins.
        carried: a turn's result goes into the call's arguments in a later turn.
        settings: the loop runs over values that are written out, and hands each to the call.
        varied: the call is given something that differs with the turn.
        compared: the results of turns are compared with each other.
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
    state: bool
    alike: bool
    used: bool


# Names that statements store and load.


@dataclass(frozen=True, slots=True)
class _Step:
    """One statement as what it binds and what it reads; of a compound one, its header."""

    node: ast.stmt
    stores: frozenset[str]
    loads: frozenset[str]
    collects: frozenset[str]  # containers that it adds to


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    if isinstance(node, ast.Name):
        return node.id
    return _dotted(node.value) if isinstance(node, ast.Subscript) else ""


def _loads(node: ast.AST | None) -> frozenset[str]:
    """The names that an expression reads; of ``self.state.step`` each beginning too."""
    found: set[str] = set()
    for inner in ast.walk(node) if node is not None else ():
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
            found.add(inner.id)
        elif isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Load):
            name = _dotted(inner)
            if name:
                found.add(name)
    return frozenset(found)


def _targets(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (ast.Tuple, ast.List)):
        for each in node.elts:
            yield from _targets(each)
    elif isinstance(node, ast.Starred):
        yield from _targets(node.value)
    else:
        name = _dotted(node)
        if name:
            yield name


def _header(node: ast.stmt) -> tuple[list[ast.AST], list[ast.AST]]:
    """What a statement itself binds and reads, without the statements in it."""
    match node:
        case ast.Assign():
            return list(node.targets), [node.value]
        case ast.AnnAssign():
            return [node.target], [node.value] if node.value is not None else []
        case ast.AugAssign():
            return [node.target], [node.value]
        case ast.For() | ast.AsyncFor():
            return [node.target], [node.iter]
        case ast.While() | ast.If():
            return [], [node.test]
        case ast.With() | ast.AsyncWith():
            bound = [item.optional_vars for item in node.items if item.optional_vars is not None]
            return list(bound), [item.context_expr for item in node.items]
        case ast.Match():
            return [], [node.subject]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Try():
            return [], []
        case _:
            return [], list(ast.iter_child_nodes(node))


def _step(node: ast.stmt) -> _Step:
    bound, read = _header(node)
    stores: set[str] = {name for target in bound for name in _targets(target)}
    loads: set[str] = set().union(*(_loads(each) for each in read)) if read else set()
    collects: set[str] = set()
    for target in bound:
        if isinstance(target, ast.Subscript):  # `outcomes[name] = run()` keeps, and binds no result
            name = _dotted(target)
            collects.add(name)
            stores.discard(name)
            loads |= _loads(target.slice)
    for part in read:
        for each in ast.walk(part):
            if isinstance(each, (ast.NamedExpr, ast.comprehension)):
                stores |= set(_targets(each.target))
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        stores, loads = {node.name}, set(_loads(node))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        function = node.value.func
        if isinstance(function, ast.Attribute):
            owner = _dotted(function.value)
            if function.attr in _COLLECTS:
                collects.add(owner)
            elif owner:
                stores.add(owner)  # a method may change its object
    return _Step(node, frozenset(stores), frozenset(loads), frozenset(collects))


@lru_cache(maxsize=2048)
def _steps(scope: Scope) -> tuple[_Step, ...]:
    """The statements of a function in the order of its lines, those of inner functions left out."""
    found: list[_Step] = []

    def visit(body: Iterable[ast.AST]) -> None:
        for node in body:
            if isinstance(node, ast.stmt):
                found.append(_step(node))
            if not isinstance(
                node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)
            ):
                visit(ast.iter_child_nodes(node))

    visit([scope.body] if isinstance(scope, ast.Lambda) else scope.body)
    return tuple(found)


def _overlap(names: Iterable[str], others: frozenset[str] | set[str]) -> bool:
    """Whether two sets of names share one, or one holds an attribute or the owner of another's."""
    return any(
        name in others
        or any(other.startswith(f"{name}.") or name.startswith(f"{other}.") for other in others)
        for name in names
    )


def _reach(
    names: set[str], steps: Iterable[_Step], beside: frozenset[str] = frozenset()
) -> set[str]:
    """The names that values of some names reach through later statements, in their order.

    Args:
        names: whose values are followed.
        steps: the statements.
        beside: names that are not followed.
    """
    reached = set(names)
    for step in steps:
        if _overlap(step.loads, reached):
            reached |= step.stores - beside
        elif not isinstance(step.node, (ast.AugAssign, ast.For, ast.With)):
            reached -= step.stores  # bound to something else
    return reached


# Two places of one function.


def meeting(first: Location, second: Location, *, pure: Callable[[Location], bool]) -> Meeting:
    """What becomes of the results of two calls of one function.

    Args:
        first: the earlier call.
        second: the later one.
        pure: whether the call at a place does nothing but return: then a result that nobody takes
            was never drawn, as far as the program goes.
    """
    one, other, scope = statement(first), statement(second), scope_of(first)
    if one is None or other is None or scope is None or scope is not scope_of(second):
        return Meeting.APART
    steps = _steps(scope)
    if _compared(first, second, steps, _comparisons(steps)):
        return Meeting.COMPARED
    central = _is_central_difference(call_at(one, first), call_at(other, second))
    if central and _compared(first, second, steps, _differences(steps)):
        return Meeting.COMPARED
    if one is other:
        return Meeting.APART if _is_shown_apart(one, first, second) else Meeting.JOINED
    for place, node in ((first, one), (second, other)):
        if _is_dropped(node, steps) and (not isinstance(node, ast.Expr) or pure(place)):
            return Meeting.UNUSED
    return _together(_step(one), _step(other), steps)


def _together(one: _Step, other: _Step, steps: tuple[_Step, ...]) -> Meeting:
    between = [s for s in steps if one.node.lineno < s.node.lineno < other.node.lineno]
    mine = _reach(set(one.stores), between)
    if _overlap(other.loads, mine):
        return Meeting.FED
    if one.collects & other.collects:
        return Meeting.COLLECTED
    mine, theirs = mine - other.stores, set(other.stores)
    if one.stores & other.stores:  # the later replaces the earlier
        mine -= other.stores
    for step in (s for s in steps if s.node.lineno > other.node.lineno):
        takes_mine, takes_theirs = _overlap(step.loads, mine), _overlap(step.loads, theirs)
        if takes_mine and takes_theirs and not _is_shown(step.node):
            return Meeting.JOINED
        mine = mine | step.stores | step.collects if takes_mine else mine - step.stores
        theirs = theirs | step.stores | step.collects if takes_theirs else theirs - step.stores
    return Meeting.APART


def reader_of(place: Location) -> Location | None:
    """The next line of the function that reads what a statement binds; None where none does."""
    node, scope = statement(place), scope_of(place)
    if node is None or scope is None:
        return None
    names = _step(node).stores
    for each in _steps(scope):
        if each.node.lineno > node.lineno and _overlap(each.loads, names):
            return Location(place.path, each.node.lineno, 0, place.function)
    return None


def _is_shown(node: ast.stmt) -> bool:
    """Whether a statement prints or asserts: it looks at results, and makes nothing of them."""
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    name = called(node.value.func)
    return name == "print" or name.startswith(_ASSERTIONS)


def _is_shown_apart(node: ast.stmt, first: Location, second: Location) -> bool:
    """Whether a statement prints two results beside each other, and makes nothing of both."""
    if (
        not _is_shown(node)
        or not isinstance(node, ast.Expr)
        or not isinstance(node.value, ast.Call)
    ):
        return False
    return not any(spans(each, first) and spans(each, second) for each in node.value.args)


def _is_dropped(node: ast.stmt, steps: tuple[_Step, ...]) -> bool:
    """Whether nobody reads what a statement binds; or it binds nothing and is a mere call."""
    if isinstance(node, ast.Expr):
        return isinstance(_awaited(node.value), ast.Call) and not _is_shown(node)
    if not isinstance(node, (ast.Assign, ast.AnnAssign)):
        return False
    step = _step(node)
    if not step.stores or step.collects or any("." in name for name in step.stores):
        return False
    for later in (s for s in steps if s.node.lineno > node.lineno):
        if _overlap(later.loads, step.stores):
            return False
        if step.stores <= later.stores:
            break
    return not any(  # in a loop, or a function that is defined beside, earlier lines may read it
        _overlap(s.loads, step.stores)
        for s in steps
        if s.node is not node and s.node.lineno < node.lineno
    )


def _awaited(node: ast.expr) -> ast.expr:
    """The call whose result is waited for: ``f(x)`` of ``f(x).block_until_ready()``."""
    while isinstance(node, ast.Call) and called(node.func) == "block_until_ready":
        if isinstance(node.func, ast.Attribute) and not node.args:
            node = node.func.value
        elif node.args:
            node = node.args[0]
        else:
            break
    return node


# Comparisons: the operands are the two results themselves.


def _compared(
    first: Location,
    second: Location,
    steps: tuple[_Step, ...],
    comparisons: Iterator[list[ast.AST]],
) -> bool:
    one, other = _names_of(first, steps), _names_of(second, steps)
    for operands in comparisons:
        sides = [
            (_is_result(side, first, one), _is_result(side, second, other)) for side in operands
        ]
        for number, side in enumerate(sides):
            rest = sides[:number] + sides[number + 1 :]
            if side[0] and any(each[1] for each in rest):
                return True
    return False


def call_at(node: ast.stmt, place: Location) -> ast.Call | None:
    """The innermost call of a statement that covers a place."""
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call) and spans(each, place)]
    return calls[-1] if calls else None


def _is_central_difference(one: ast.Call | None, other: ast.Call | None) -> bool:
    """Whether two calls differ in nothing but that one is given ``a + b`` and the other ``a - b``.

    Their difference is a derivative by finite differences, which wants common random numbers.
    """
    if one is None or other is None or ast.dump(one.func) != ast.dump(other.func):
        return False
    if len(one.args) != len(other.args):
        return False
    differing = [
        (mine, theirs)
        for mine, theirs in zip(one.args, other.args, strict=True)
        if ast.dump(mine) != ast.dump(theirs)
    ]
    return len(differing) == 1 and all(
        isinstance(mine, ast.BinOp)
        and isinstance(theirs, ast.BinOp)
        and {type(mine.op), type(theirs.op)} == {ast.Add, ast.Sub}
        and ast.dump(mine.left) == ast.dump(theirs.left)
        and ast.dump(mine.right) == ast.dump(theirs.right)
        for mine, theirs in differing
    )


def _differences(steps: Iterable[_Step]) -> Iterator[list[ast.AST]]:
    for step in steps:
        for part in _header(step.node)[1]:
            for node in ast.walk(part):
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
                    yield [node.left, node.right]


def _names_of(place: Location, steps: tuple[_Step, ...]) -> set[str]:
    """The names that hold a call's result, also in another form."""
    node = statement(place)
    if not isinstance(node, (ast.Assign, ast.AnnAssign)):
        return set()
    names = set(_step(node).stores)
    for step in steps:
        if isinstance(step.node, ast.Assign) and step.node.lineno > node.lineno:
            core = _core(step.node.value)
            if _dotted(core) in names:
                names |= step.stores
    return names


def _core(node: ast.AST) -> ast.AST:
    """An expression without what only gives it another form: ``x`` of ``float(x[0].sum())``."""
    while True:
        if isinstance(node, ast.Call) and called(node.func) in _FORMS:
            if node.args:
                node = node.args[0]
            elif isinstance(node.func, ast.Attribute):
                node = node.func.value
            else:
                return node
        elif isinstance(node, (ast.Subscript, ast.UnaryOp, ast.Starred, ast.Await)):
            node = node.operand if isinstance(node, ast.UnaryOp) else node.value
        elif isinstance(node, ast.Attribute) and not isinstance(node.value, ast.Name):
            node = node.value
        else:
            return node


def _is_result(side: ast.AST, place: Location, names: set[str]) -> bool:
    core = _core(side)
    if isinstance(core, ast.Call):
        return spans(core, place)
    name = _dotted(core)
    return any(name == each or name.startswith(f"{each}.") for each in names)


def _comparisons(steps: Iterable[_Step]) -> Iterator[list[ast.AST]]:
    """The operands of everything that says whether values are equal."""
    for step in steps:
        parts = _header(step.node)[1]
        for node in (inner for part in parts for inner in ast.walk(part)):
            if isinstance(node, ast.Compare):
                if all(isinstance(op, (ast.Eq, ast.NotEq)) for op in node.ops):
                    yield [node.left, *node.comparators]
            elif isinstance(node, ast.Call):
                name = called(node.func)
                if name in _EQUALITIES or name.startswith(_ASSERTIONS):
                    yield list(node.args)
                elif name in ("map", "tree_map") and node.args:
                    function = called(node.args[0])
                    if function in _EQUALITIES or function.startswith(_ASSERTIONS):
                        yield list(node.args[1:])


def returned(place: Location) -> bool:
    """Whether the function of a place returns the result of the statement there, also by a name."""
    node, scope = statement(place), scope_of(place)
    if isinstance(node, ast.Return) or isinstance(scope, ast.Lambda):
        return True
    if node is None or scope is None:
        return False
    names = set(_step(node).stores)
    for step in (each for each in _steps(scope) if each.node.lineno > node.lineno):
        if isinstance(step.node, ast.Return) and _overlap(step.loads, names):
            return True
        if _overlap(step.loads, names):
            names |= step.stores
    return False


# Turns of a loop.


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
    step = _step(node)
    if isinstance(loop, ast.comprehension):
        return _comprehended(place, loop, step, _steps(scope))
    body = [s for s in _steps(scope) if _within(s.node, loop)]
    target = set(_targets(loop.target)) if isinstance(loop, (ast.For, ast.AsyncFor)) else set()
    given = set(_given(node, place))
    made_anew = set().union(*(s.stores for s in body)) - target if body else set()
    result = set(step.stores)
    if isinstance(node, ast.Expr) and not _is_shown(node) and not step.collects:
        result |= given  # a call for its effect: it may change whatever it is given
    carried = _is_carried(step, result, body)
    state = _state(body)
    before = [s for s in body if s.node.lineno < node.lineno]
    element = _reach(target, before, beside=state) if target else set()
    return Turn(
        Location(place.path, loop.lineno, 0, place.function),
        carried=carried,
        settings=_is_written_out(loop, scope) and _overlap(given, element),
        varied=_overlap(given, element),
        compared=_turns_compared(place, body, _steps(scope)),
        state=_overlap(given, state) and not _overlap(given, element),
        alike=not _overlap(given, made_anew | target),
        used=bool(result or step.collects) or not isinstance(node, ast.Expr),
    )


def varied_arguments(call: ast.Call, loop: Loop, scope: Scope) -> list[ast.expr]:
    """The arguments of a call that differ with the turn of a loop, by what it runs over."""
    if isinstance(loop, ast.While):
        return []
    names = set(_targets(loop.target))
    if not isinstance(loop, ast.comprehension):
        body = [s for s in _steps(scope) if _within(s.node, loop)]
        names = _reach(names, body, beside=_state(body))
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    return [each for each in arguments if _overlap(_loads(each), names)]


def _state(body: list[_Step]) -> frozenset[str]:
    """The names that a loop carries: each turn makes them of what the turn before has left."""
    stored: set[str] = set()
    carried: set[str] = set()
    for step in body:
        carried |= {name for name in step.loads if name not in stored}
        stored |= step.stores
    return frozenset(name for name in stored if _overlap({name}, carried))


def _within(node: ast.stmt, loop: ast.For | ast.AsyncFor | ast.While) -> bool:
    return loop.lineno < node.lineno <= (loop.end_lineno or 0) or (
        node.lineno == loop.lineno and node is not loop
    )


def _given(node: ast.stmt, place: Location) -> Iterator[str]:
    """The names given to the call at a place: to the innermost one that covers it."""
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call) and spans(each, place)]
    if not calls:
        yield from _step(node).loads
        return
    call = calls[-1]
    for part in (*call.args, *(keyword.value for keyword in call.keywords)):
        yield from _loads(part)
    if isinstance(call.func, ast.Attribute):
        yield from _loads(call.func.value)
    elif isinstance(call.func, ast.Call):  # jax.grad(loss)(params, key)
        yield from _loads(call.func)


def _is_carried(step: _Step, result: set[str], body: list[_Step]) -> bool:
    """Whether a result reaches what the statement reads in a later turn."""
    if not result:
        return False
    if isinstance(step.node, ast.AugAssign):
        result = set()  # a sum of results is no state of the call
    later = [s for s in body if s.node.lineno > step.node.lineno]
    earlier = [s for s in body if s.node.lineno < step.node.lineno]
    return _overlap(step.loads, _reach(_reach(set(result), later), earlier))


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
            for each in _steps(scope)
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


def _turns_compared(place: Location, body: list[_Step], steps: tuple[_Step, ...]) -> bool:
    """Whether results of several turns are compared: kept in a container, or held from before."""
    names = _names_of(place, steps)
    kept = {
        container
        for each in body
        if _overlap(each.loads, names) or spans(each.node, place)
        for container in each.collects
    }
    held = {  # `first = first or out`, `previous = out`
        name
        for each in body
        if isinstance(each.node, ast.Assign) and _dotted(_core(each.node.value)) in names
        for name in each.stores
    }
    return _container_compared(kept, steps) or any(
        any(_dotted(_core(side)) in held for side in operands)
        and any(_is_result(side, place, names - held) for side in operands)
        for operands in _comparisons(body)
    )


def _container_compared(containers: set[str], steps: tuple[_Step, ...]) -> bool:
    """Whether elements of a container are compared with each other, also by how many differ."""
    if not containers:
        return False
    elements = set(containers)
    for step in steps:
        for part in _header(step.node)[1]:
            for each in ast.walk(part):
                if isinstance(each, ast.comprehension) and _dotted(_core(each.iter)) in containers:
                    elements |= set(_targets(each.target))
        if isinstance(step.node, ast.For) and _dotted(_core(step.node.iter)) in containers:
            elements |= set(_targets(step.node.target))
        if isinstance(step.node, ast.Assign) and _dotted(step.node.value) in containers:
            elements |= step.stores
    for operands in _comparisons(steps):
        if sum(_dotted(_core(side)) in elements for side in operands) >= 2:
            return True
        if any(_is_count_of_set(side, elements) for side in operands):
            return True
    return False


def _is_count_of_set(node: ast.AST, containers: set[str]) -> bool:
    """``len(set(outcomes))``: how many of them differ."""
    if not (isinstance(node, ast.Call) and called(node.func) == "len" and node.args):
        return False
    inner = node.args[0]
    made = isinstance(inner, ast.SetComp) or (
        isinstance(inner, ast.Call) and called(inner.func) in ("set", "unique", "frozenset")
    )
    return made and _overlap(_loads(inner), containers)


def _comprehended(
    place: Location, loop: ast.comprehension, step: _Step, steps: tuple[_Step, ...]
) -> Turn:
    """How a call stands in a comprehension: nothing is carried there."""
    target = set(_targets(loop.target))
    given = set(_given(step.node, place))
    return Turn(
        Location(place.path, step.node.lineno, 0, place.function),
        carried=False,
        settings=_is_settings(loop.iter, scope_of(place) or ast.Module([], []), 3)
        and _overlap(given, target),
        varied=_overlap(given, target),
        compared=_container_compared(set(step.stores), steps),
        state=False,
        alike=not _overlap(given, target),
        used=True,
    )
