"""Statements as the names that they bind and read. Names are followed, never interpreted."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

from keystream._evidence.source import Scope, is_of_module, spans
from keystream._findings import Location

# Functions of JAX, of Flax and of `keystream.Streams` that make keys.
MAKERS = frozenset({"split", "fold_in", "key", "keys", "rngs", "PRNGKey", "make_rng", "next"})

COLLECTS = frozenset({"append", "extend", "add", "insert", "setdefault"})


@dataclass(frozen=True, slots=True)
class Arm:
    """A part of a statement that may run or not: the body of a loop, an arm of a condition.

    Attributes:
        of: the id of the statement's node.
        part: its field.
        loop: whether it may run several times.
    """

    of: int
    part: str
    loop: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One statement as what it binds and what it reads; of a compound one, its header."""

    node: ast.stmt
    stores: frozenset[str]
    loads: frozenset[str]
    collects: frozenset[str]  # containers that it adds to
    arms: tuple[Arm, ...] = ()  # that it stands in, outermost first

    @property
    def reads(self) -> frozenset[str]:
        """What it loads, and what it adds to: ``total`` of ``total += x``."""
        return self.loads | self.stores if isinstance(self.node, ast.AugAssign) else self.loads


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    if isinstance(node, ast.Name):
        return node.id
    return dotted(node.value) if isinstance(node, ast.Subscript) else ""


def names_read(node: ast.AST | None) -> frozenset[str]:
    """The names that an expression reads: of ``self.state.step`` that one alone.

    Of ``self.fit(x)`` it reads ``self``: a method may read all of its object.
    """
    found: set[str] = set()
    left = [node] if node is not None else []
    while left:
        inner = left.pop()
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            left += [inner.func.value, *inner.args, *inner.keywords]
        elif isinstance(inner, (ast.Name, ast.Attribute)) and dotted(inner):
            if isinstance(inner.ctx, ast.Load):
                found.add(dotted(inner))
            left += _indices(inner)
        else:
            left += ast.iter_child_nodes(inner)
    return frozenset(found)


def _indices(node: ast.AST) -> Iterator[ast.AST]:
    """The indices in a dotted name: ``n`` of ``self.layers[n].weight``."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Subscript):
            yield node.slice
        node = node.value


def names_bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (ast.Tuple, ast.List)):
        for each in node.elts:
            yield from names_bound(each)
    elif isinstance(node, ast.Starred):
        yield from names_bound(node.value)
    else:
        name = dotted(node)
        if name:
            yield name


def header(node: ast.stmt) -> tuple[list[ast.AST], list[ast.AST]]:
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
        case (
            ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Try() | ast.TryStar()
        ):
            return [], []
        case _:
            return [], list(ast.iter_child_nodes(node))


def step_of(node: ast.stmt) -> Step:
    bound, read = header(node)
    stores: set[str] = {name for target in bound for name in names_bound(target)}
    loads: set[str] = set().union(*(names_read(each) for each in read)) if read else set()
    collects: set[str] = set()
    for target in bound:
        if isinstance(target, ast.Subscript):  # `outcomes[name] = run()` keeps, and binds no result
            name = dotted(target)
            collects.add(name)
            stores.discard(name)
            loads |= names_read(target.slice)
    for part in read:
        for each in ast.walk(part):
            if isinstance(each, (ast.NamedExpr, ast.comprehension)):
                stores |= set(names_bound(each.target))
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        stores, loads = {node.name}, set(names_read(node))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        function = node.value.func
        if isinstance(function, ast.Attribute):
            owner = dotted(function.value)
            if function.attr in COLLECTS:
                collects.add(owner)
            elif owner and not is_of_module(function):
                stores.add(owner)  # a method may change its object
    return Step(node, frozenset(stores), frozenset(loads), frozenset(collects))


@lru_cache(maxsize=2048)
def steps_of(scope: Scope) -> tuple[Step, ...]:
    """The statements of a function in the order of its lines, those of inner functions left out."""
    found: list[Step] = []

    def visit(node: ast.AST, arms: tuple[Arm, ...]) -> None:
        if isinstance(node, ast.stmt):
            found.append(replace(step_of(node), arms=arms))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            return
        for part, value in ast.iter_fields(node):
            inside = arms
            if isinstance(node, _MAY_RUN):
                inside = (*arms, Arm(id(node), part, isinstance(node, _LOOPS)))
            for each in cast("list[object]", value) if isinstance(value, list) else [value]:
                if isinstance(each, ast.AST):
                    visit(each, inside)

    for each in [scope.body] if isinstance(scope, ast.Lambda) else scope.body:
        visit(each, ())
    return tuple(found)


_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_MAY_RUN = (*_LOOPS, ast.If, ast.Try, ast.TryStar, ast.ExceptHandler, ast.match_case)


def overlap(names: Iterable[str], others: frozenset[str] | set[str]) -> bool:
    """Whether two sets of names share one, or one holds an attribute or the owner of another's."""
    return any(
        name in others
        or any(other.startswith(f"{name}.") or name.startswith(f"{other}.") for other in others)
        for name in names
    )


def reach(names: set[str], steps: Iterable[Step], beside: frozenset[str] = frozenset()) -> set[str]:
    """The names that values of some names reach through later statements, in their order.

    Args:
        names: whose values are followed.
        steps: the statements.
        beside: names that are not followed.
    """
    reached = set(names)
    for step in steps:
        if overlap(step.loads, reached):
            reached |= (step.stores | step.collects) - beside
        elif not isinstance(step.node, (ast.AugAssign, ast.For, ast.With)):
            reached -= step.stores  # bound to something else
    return reached


def call_at(node: ast.stmt, place: Location) -> ast.Call | None:
    """The innermost call of a statement that covers a place."""
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call) and spans(each, place)]
    return calls[-1] if calls else None


def chain_at(node: ast.stmt, place: Location) -> ast.Call | None:
    """The whole chain of calls that begins at a place: ``Net().apply(x)``, whose innermost is ``Net()``.

    A frame says where its call begins, which is the same for all calls of a chain.
    """
    inner = call_at(node, place)
    chains = [each for each in ast.walk(node) if isinstance(each, ast.Call) and spans(each, place)]
    of_chain = (each for each in chains if any(part is inner for part in _callees(each)))
    return next(of_chain, inner)


def _callees(call: ast.Call) -> Iterator[ast.AST]:
    """What a call calls: ``Net().apply`` and ``Net()`` of ``Net().apply(x)``."""
    node: ast.AST = call.func
    while True:
        yield node
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        else:
            return
