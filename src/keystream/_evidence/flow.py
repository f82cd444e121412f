"""What a function does with two results: compares them, hands one to the other, uses both, drops one.

Read from the syntax, by the names that statements bind and read: what a name says is no evidence
(`keystream._judge.words` quotes words, to explain).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from enum import Enum

from keystream._evidence.comparing import ASSERTIONS, asserts_equal, compared
from keystream._evidence.names import (
    Step,
    chain_at,
    header,
    names_read,
    overlap,
    reach,
    step_of,
    steps_of,
)
from keystream._evidence.source import called, is_cell, scope_of, spans, statement
from keystream._evidence.templates import reads_form
from keystream._findings import Location


class Meeting(Enum):
    """What becomes of two results in the function in which their calls stand."""

    COMPARED = "compared with each other"
    UNUSED = "one of the two results is never used"
    FED = "the later takes the earlier's result"
    JOINED = "used together"
    COLLECTED = "kept beside each other"
    APART = "nothing takes both"


def meeting(first: Location, second: Location, *, pure: Callable[[Location], bool]) -> Meeting:
    """What becomes of the results of two calls of one function.

    Args:
        first: the earlier call.
        second: the later one.
        pure: whether the call at a place is known to do nothing but return: then a result that
            nobody takes was never drawn, as far as the program goes.
    """
    one, other, scope = statement(first), statement(second), scope_of(first)
    if one is None or other is None or scope is None or scope is not scope_of(second):
        return Meeting.APART
    steps = steps_of(scope)
    if compared(first, second, steps):
        return Meeting.COMPARED
    if one is other:
        return Meeting.APART if _is_shown_apart(one, first, second) else Meeting.JOINED
    for place, node, beside in ((first, one, other), (second, other, one)):
        in_module = isinstance(scope, ast.Module)
        if _is_dropped(node, place, steps, beside, in_module=in_module) and pure(place):
            return Meeting.UNUSED
    return _together(step_of(one), step_of(other), chain_at(other, second), steps)


def _together(one: Step, other: Step, call: ast.Call | None, steps: tuple[Step, ...]) -> Meeting:
    """What becomes of the results of two statements, `call` being that of the later one."""
    between = [s for s in steps if one.node.lineno < s.node.lineno < other.node.lineno]
    mine = reach(set(one.stores), between)
    if overlap(other.loads, mine) and not _stands_apart(other.node, call, mine):
        return Meeting.FED
    if isinstance(other.node, ast.AugAssign) and overlap(other.stores, mine):
        return Meeting.JOINED  # in one sum
    if one.collects & other.collects:
        return Meeting.COLLECTED
    mine, theirs = mine - other.stores, set(other.stores)
    if one.stores & other.stores:  # the later replaces the earlier
        mine -= other.stores
    for step in (s for s in steps if s.node.lineno > other.node.lineno):
        takes_mine, takes_theirs = overlap(step.reads, mine), overlap(step.reads, theirs)
        if takes_mine and takes_theirs and not _looks_at_each(step.node, mine, theirs):
            return Meeting.JOINED
        mine = mine | step.stores | step.collects if takes_mine else mine - step.stores
        theirs = theirs | step.stores | step.collects if takes_theirs else theirs - step.stores
    return Meeting.APART


def _stands_apart(node: ast.stmt, call: ast.Call | None, names: set[str]) -> bool:
    """Whether a statement holds a call, and what is read of some names, as elements of one display."""
    if call is None or not isinstance(node, (ast.Return, ast.Assign)):
        return False
    match node.value:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(values=parts):
            around = (each for each in parts if any(part is call for part in ast.walk(each)))
            return not any(overlap(names_read(each), names) for each in around)
        case _:
            return False


def only_shown(place: Location) -> bool:
    """Whether what the statement at a place computes is printed or logged, and nothing else takes it."""
    node, scope = statement(place), scope_of(place)
    if node is None or scope is None:
        return False
    step = step_of(node)
    if is_shown(node):
        return True
    if not step.stores or step.collects or any("." in name for name in step.stores):
        return False
    takers = [s for s in steps_of(scope) if s.node is not node and overlap(s.reads, step.stores)]
    return bool(takers) and all(is_shown(each.node) for each in takers)


def reader_of(place: Location) -> Location | None:
    """The next line of the function that reads what a statement binds; None where none does."""
    node, scope = statement(place), scope_of(place)
    if node is None or scope is None:
        return None
    names = step_of(node).stores
    for each in steps_of(scope):
        if each.node.lineno > node.lineno and overlap(each.loads, names):
            return Location(place.path, each.node.lineno, 0, place.function)
    return None


def is_one_shown(first: Location, second: Location) -> bool:
    """Whether one of two statements prints what it computes, and the other binds it to a name."""
    nodes = statement(first), statement(second)
    shown = [each for each in nodes if each is not None and is_shown(each)]
    kept = [each for each in nodes if isinstance(each, (ast.Assign, ast.AugAssign))]
    return len(shown) == len(kept) == 1


def is_asserted(place: Location) -> bool:
    """Whether the statement at a place asserts that values are equal: it checks, it measures nothing."""
    node = statement(place)
    return node is not None and asserts_equal(step_of(node))


def is_shown(node: ast.stmt) -> bool:
    """Whether a statement prints, logs or asserts: it looks at results, and makes nothing of them."""
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    name = called(node.value.func)
    if name in _PRINTS or name.startswith(ASSERTIONS):
        return True
    return name in _LOGS and isinstance(node.value.func, ast.Attribute)


_PRINTS = frozenset(
    {"print", "pprint", "echo", "secho", "display"}
)  # also rich's, click's, IPython's
_LOGS = frozenset(
    {"debug", "info", "warning", "error", "exception", "critical", "log"}
)  # logging's


def _looks_at_each(node: ast.stmt, mine: set[str], theirs: set[str]) -> bool:
    """Whether a statement prints or asserts, and no part of what it shows is made of two results."""
    return is_shown(node) and not any(
        overlap(names_read(part), mine) and overlap(names_read(part), theirs)
        for part in _parts_shown(node)
    )


def _parts_shown(node: ast.AST) -> Iterator[ast.AST]:
    """What a statement shows, one thing at a time: the sides of a comparison, the values in a text."""
    match node:
        case ast.Expr(value=ast.Call(args=args, keywords=keywords)):
            inner: list[ast.AST] = [*args, *(each.value for each in keywords)]
        case (
            ast.Assert()
            | ast.Compare()
            | ast.BoolOp()
            | ast.JoinedStr()
            | ast.FormattedValue()
            | ast.Tuple()
            | ast.List()
            | ast.Set()
            | ast.Dict()
        ):
            inner = list(ast.iter_child_nodes(node))
        case _:
            yield node
            return
    for each in inner:
        yield from _parts_shown(each)


def _is_shown_apart(node: ast.stmt, first: Location, second: Location) -> bool:
    """Whether a statement prints two results beside each other, and makes nothing of both."""
    if not is_shown(node) or not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    return not any(spans(each, first) and spans(each, second) for each in node.value.args)


def _is_dropped(
    node: ast.stmt,
    place: Location,
    steps: tuple[Step, ...],
    beside: ast.stmt,
    *,
    in_module: bool,
) -> bool:
    """Whether nobody reads the numbers that a statement binds; or it binds nothing and is the mere call.

    Args:
        node: the statement.
        place: of the call in it.
        steps: of its function.
        beside: the statement of the other call, which is known to have run.
        in_module: whether it is no function, but a module.
    """
    if isinstance(node, ast.Expr):
        call = awaited(node.value)
        shown = is_shown(node) or (in_module and is_cell(place.path))  # a cell shows it
        return isinstance(call, ast.Call) and not shown and not _is_given(call, place)
    step = next((each for each in steps if each.node is node), None)
    if step is None or not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False  # in the body of a class others may read it
    if not step.stores or step.collects or any("." in name for name in step.stores):
        return False
    last = (beside.end_lineno or 0) if isinstance(beside, ast.Return) else steps[-1].node.lineno
    for later in (s for s in steps if node.lineno < s.node.lineno <= max(last, node.lineno)):
        if overlap(later.reads, step.stores) and not reads_form(
            later.node, step.stores, node.value
        ):
            return False
        if step.stores <= later.stores and _overwrites(later, step, beside):
            break
    else:
        if in_module and step.stores != frozenset({"_"}):
            return False  # another module, or another cell, may read it
    again = any(arm.loop for arm in step.arms)  # in a loop earlier lines may read it
    return not any(
        overlap(s.loads, step.stores)
        for s in steps
        if s.node.lineno < node.lineno and (again or _reads_later(s.node))
    )


def _reads_later(node: ast.stmt) -> bool:
    """Whether a statement makes a function, which reads names when it is called."""
    made = [node, *(inner for part in header(node)[1] for inner in ast.walk(part))]
    return any(isinstance(each, _FUNCTIONS) for each in made)


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def _overwrites(later: Step, step: Step, beside: ast.stmt) -> bool:
    """Whether a later statement is sure to run after a step, before anybody reads what that binds."""
    if step.arms[: len(later.arms)] == later.arms:
        return True
    return later.node is beside and not any(arm.loop for arm in (*step.arms, *later.arms))


def _is_given(call: ast.Call, place: Location) -> bool:
    """Whether the call at a place is an argument of another, which takes its result."""
    return any(spans(part, place) for part in (*call.args, *call.keywords))


def awaited(node: ast.expr) -> ast.expr:
    """The call whose result is waited for: ``f(x)`` of ``f(x).block_until_ready()``."""
    while isinstance(node, ast.Call) and called(node.func) == "block_until_ready":
        if isinstance(node.func, ast.Attribute) and not node.args:
            node = node.func.value
        elif node.args:
            node = node.args[0]
        else:
            break
    return node


def returned(place: Location) -> bool:
    """Whether the function of a place returns the result of the statement there, also by a name."""
    node, scope = statement(place), scope_of(place)
    if isinstance(node, ast.Return) or isinstance(scope, ast.Lambda):
        return True
    if node is None or scope is None:
        return False
    names = set(step_of(node).stores)
    for step in (each for each in steps_of(scope) if each.node.lineno > node.lineno):
        if isinstance(step.node, ast.Return) and overlap(step.loads, names):
            return True
        if overlap(step.loads, names):
            names |= step.stores
    return False
