"""Whether a function shows that two of its calls shall draw alike: paired runs, joint transformations.

Read from the syntax alone. Two calls are a *contrast* where one function is called at two points, and
what is made of the one result is subtracted from, or ordered against, the very same made of the other:
``f(a, key) - f(b, key)``. That is how common random numbers are used. The difference that training
descends is none: what it wants of its draws is that they differ.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from keystream._evidence.comparing import ORDERINGS, contrasts_in
from keystream._evidence.derivatives import differentiated
from keystream._evidence.names import call_at, chain_at, header, names_read, overlap, steps_of
from keystream._evidence.source import Scope, called, scope_of, statement
from keystream._findings import Location


class Paired(Enum):
    """How a program shows that two calls shall draw alike, as a finding says it."""

    CONTRAST = (
        "the two runs of one function are given different things and compared, as with common random "
        "numbers"
    )
    JOINT = "the same few numbers transform two arrays alike, which stay beside each other"
    ORDERED = "the results are put in order, or the best or a difference is taken of them"
    ASSERTED = "an assertion holds the one result below or above the other"
    AGAIN = "the very same is looked at again, after what it is given has changed"
    CANCELS = "what the one adds the other subtracts, so that the two cancel or mirror each other"
    SHOWN = "one of the two results is only printed, beside what the same function makes"


_DEPTH = 4  # assignments that are followed back
_HOLE = "<result>"


@dataclass(frozen=True, slots=True)
class _Calls:
    """The calls at two places of one function."""

    calls: tuple[ast.Call, ast.Call]
    statements: tuple[ast.stmt, ast.stmt]
    scope: Scope


def _calls_at(first: Location, second: Location) -> _Calls | None:
    """The calls at two places; None where they stand in two functions, or there is none."""
    one, other, scope = statement(first), statement(second), scope_of(first)
    if one is None or other is None or scope is None or scope is not scope_of(second):
        return None
    calls = call_at(one, first), call_at(other, second)
    if calls[0] is None or calls[1] is None:
        return None
    return _Calls((calls[0], calls[1]), (one, other), scope)


def contrasted(first: Location, second: Location) -> bool:
    """Whether the calls at two places of one function are a contrast."""
    both = _calls_at(first, second)
    return both is not None and not differentiated(first) and _is_contrast(*both.calls, both.scope)


def is_ordered(batch: Location) -> bool:
    """Whether what the ``vmap`` at a place gives is put in order: its members are held to each other."""
    node, scope = statement(batch), scope_of(batch)
    call = chain_at(node, batch) if node is not None else None
    if call is None or scope is None:
        return False
    if isinstance(node, ast.Assign) and node.value is call_at(node, batch):  # names the function
        names = {called(target) for target in node.targets}
        return any(orders(each, scope) for each in _calls(scope) if called(each.func) in names)
    return orders(call, scope)


def _calls(scope: Scope) -> Iterator[ast.Call]:
    for step in steps_of(scope):
        for part in header(step.node)[1]:
            yield from (each for each in ast.walk(part) if isinstance(each, ast.Call))


def orders(call: ast.Call, scope: Scope) -> bool:
    """Whether a function puts what a call gives in order, as it is or under a name."""
    bindings = _bindings(scope)
    return any(
        called(each.func) in ORDERINGS
        and any(_is_of_hole(given, bindings, call) for given in _given(each))
        for each in _calls(scope)
    )


def _given(call: ast.Call) -> Iterator[ast.expr]:
    yield from call.args[:1]
    if isinstance(call.func, ast.Attribute):
        yield call.func.value


def _is_of_hole(node: ast.expr, bindings: _Bindings, call: ast.Call) -> bool:
    """Whether an expression is what a call gives, but for its sign."""
    while isinstance(node, ast.UnaryOp):
        node = node.operand
    found = _expanded(node, bindings, call)
    while isinstance(found, ast.UnaryOp):
        found = found.operand
    return isinstance(found, ast.Name) and found.id == _HOLE


def looks_again_later(first: Location, second: Location) -> bool:
    """Whether two calls read alike, and what they are given went on in between."""
    both = _calls_at(first, second)
    return both is not None and _is_same_later(*both.calls, both.scope)


def _is_same_later(one: ast.Call, other: ast.Call, scope: Scope) -> bool:
    """Whether two calls of a function read alike, and what they are given went on in between.

    A state goes on where it is made of itself, as training does: the next batch is another one.
    """
    if ast.dump(one) != ast.dump(other):
        return False
    given = set[str]().union(*map(names_read, [*one.args, *one.keywords]))
    between = (s for s in steps_of(scope) if one.lineno < s.node.lineno < other.lineno)
    return any(overlap(given, step.stores & step.loads) for step in between)


def is_bound_between(first: Location, second: Location) -> bool:
    """Whether what the later of two calls is given, or its object, is bound after the earlier."""
    both = _calls_at(first, second)
    if both is None:
        return False
    given = names_read(both.calls[1])
    between = (s for s in steps_of(both.scope) if first.line < s.node.lineno < second.line)
    return any(isinstance(s.node, ast.Assign) and overlap(given, s.stores) for s in between)


def is_called_alike(first: Location, second: Location) -> bool:
    """Whether the calls at two places of one function call one function by its name."""
    both = _calls_at(first, second)
    return both is not None and len({ast.dump(call.func) for call in both.calls}) == 1


def in_contrast(place: Location) -> bool:
    """Whether the call at a place is one of the two of a contrast in its function."""
    node, scope = statement(place), scope_of(place)
    call = call_at(node, place) if node is not None else None
    if call is None or scope is None or differentiated(place):
        return False
    return _contrast_of(call, scope)


def _contrast_of(call: ast.Call, scope: Scope) -> bool:
    """Whether any call in a function makes a contrast with one, whatever differentiates it."""
    name = ast.dump(call.func)
    others = (each for each in _calls(scope) if ast.dump(each.func) == name)
    return any(_is_contrast(call, each, scope) for each in others)


def _is_contrast(one: ast.Call, other: ast.Call, scope: Scope) -> bool:
    """Whether two calls of a function are a contrast, whatever differentiates it."""
    bindings = _bindings(scope)
    if one is other or not _at_two_points(one, other, bindings):
        return False
    return any(
        _same_of_both(left, right, (one, other), bindings)
        or _same_of_both(right, left, (one, other), bindings)
        for left, right in _contrasts(scope)
    )


def kept_beside(first: Location, second: Location) -> bool:
    """Whether the calls at two places are of one function at two points, and nothing takes both results.

    They are parts of one tuple, list or dictionary, or are bound to names of their own.
    """
    both = _calls_at(first, second)
    return both is not None and _is_kept_beside(both.calls, both.statements, both.scope)


def _is_kept_beside(
    calls: tuple[ast.Call, ast.Call], statements: tuple[ast.stmt, ast.stmt], scope: Scope
) -> bool:
    """Whether two calls in two statements of a function, or in one, are `kept_beside` each other."""
    if not _at_two_points(*calls, _bindings(scope)) or not _differ_in_one(*calls):
        return False
    if statements[0] is statements[1]:
        return any(_holds_apart(each, *calls) for each in ast.walk(statements[0]))
    return all(isinstance(each, (ast.Assign, ast.Return)) for each in statements)


def _differ_in_one(one: ast.Call, other: ast.Call) -> bool:
    """Whether two calls differ in one argument: what is transformed; the rest says how."""
    given = [
        {
            **{str(number): ast.dump(part) for number, part in enumerate(call.args)},
            **{str(each.arg): ast.dump(each.value) for each in call.keywords},
        }
        for call in (one, other)
    ]
    if given[0].keys() != given[1].keys():
        return False
    return sum(given[0][name] != given[1][name] for name in given[0]) == 1


def _holds_apart(display: ast.AST, one: ast.Call, other: ast.Call) -> bool:
    """Whether two calls stand in different elements of a display, or of what names alone make up."""
    elements: Sequence[ast.AST]
    match display:
        case ast.Call(args=[], keywords=elements) if not any(
            each is display for each in (one, other)
        ):
            pass
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Dict(values=elements):
            pass
        case _:
            return False
    of_one = [each for each in elements if any(part is one for part in ast.walk(each))]
    of_other = [each for each in elements if any(part is other for part in ast.walk(each))]
    return bool(of_one and of_other) and of_one[0] is not of_other[0]


def _at_two_points(one: ast.Call, other: ast.Call, bindings: _Bindings) -> bool:
    """Whether two calls are of one function, and are given different things; names are looked up."""
    if ast.dump(one.func) != ast.dump(other.func):
        return False
    return ast.dump(_expanded(one, bindings)) != ast.dump(_expanded(other, bindings))


def _same_of_both(
    left: ast.expr, right: ast.expr, calls: tuple[ast.Call, ast.Call], bindings: _Bindings
) -> bool:
    """Whether the one side is made of the first call's result as the other is of the second's."""
    sides = [
        ast.dump(_expanded(side, bindings, call))
        for side, call in zip((left, right), calls, strict=True)
    ]
    return _HOLE in sides[0] and sides[0] == sides[1]


def _contrasts(scope: Scope) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What a function subtracts, or orders: both sides of each, also leaf by leaf."""
    for step in steps_of(scope):
        yield from contrasts_in(step)
    for call in _calls(scope):
        match call:
            case ast.Call(args=[function, left, right]) if _subtracts(function):
                yield left, right
            case _:
                pass


def _subtracts(function: ast.expr) -> bool:
    """Whether a function that is mapped over two trees subtracts their leaves."""
    if isinstance(function, ast.Lambda):
        return isinstance(function.body, ast.BinOp) and isinstance(function.body.op, ast.Sub)
    return called(function) in ("subtract", "sub")


# Names as what they were bound to.

_Bindings = dict[str, list[tuple[int, ast.expr]]]


@lru_cache(maxsize=512)
def _bindings(scope: Scope) -> _Bindings:
    """What a function binds to each name, with the line, in order; of a tuple its elements."""
    found: _Bindings = {}

    def bind(target: ast.expr, value: ast.expr, line: int) -> None:
        if not isinstance(target, (ast.Tuple, ast.List)):
            found.setdefault(ast.unparse(target), []).append((line, value))
            return
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        for number, each in enumerate(target.elts):
            known = len(parts) == len(target.elts)
            part = parts[number] if known else ast.Subscript(value, ast.Constant(number))
            bind(each, part, line)

    for step in steps_of(scope):
        if isinstance(step.node, ast.Assign):
            for target in step.node.targets:
                bind(target, step.node.value, step.node.lineno)
        elif isinstance(step.node, ast.AnnAssign) and step.node.value is not None:
            bind(step.node.target, step.node.value, step.node.lineno)
    return found


def _expanded(node: ast.expr, bindings: _Bindings, hole: ast.Call | None = None) -> ast.expr:
    """An expression with what its names were bound to before; of one with a hole, what leads there."""

    def expand(each: ast.expr, line: int, depth: int) -> ast.expr:
        if each is hole:
            return ast.Name(_HOLE)
        text = ast.unparse(each) if isinstance(each, _NAMES) else ""
        if text in bindings and depth:
            before = [bound for bound in bindings[text] if bound[0] < line]
            if before:
                inner = expand(before[-1][1], before[-1][0], depth - 1)
                if hole is None or _HOLE in ast.dump(inner):
                    return inner
            return each
        made = copy.copy(each)
        for field, value in ast.iter_fields(each):
            setattr(made, field, _each(value, lambda part: expand(part, line, depth)))
        return made

    return expand(node, getattr(node, "lineno", 0), _DEPTH)


_NAMES = (ast.Name, ast.Attribute, ast.Subscript)


def _each(value: object, change: Callable[[ast.expr], ast.expr]) -> object:
    """A field of a node with its expressions changed."""
    if isinstance(value, list):
        return [_each(part, change) for part in value]
    if isinstance(value, ast.keyword):
        return ast.keyword(value.arg, change(value.value))
    return change(value) if isinstance(value, ast.expr) else value
