"""Which names a piece of source reads and binds, and what a loop hands from one turn to the next.

Names are compared as text; an attribute such as ``self.state`` is a name of its own. A method that is
called for its effect, as ``tokens.append(token)``, binds the object that it is called on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from keystream._lint.walking import kept, walk

Loop = ast.For | ast.AsyncFor | ast.While | ast.comprehension


def name_of(node: ast.AST) -> str:
    """A name or a chain of attributes on one, as text; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join((node.id, *parts[::-1])) if isinstance(node, ast.Name) else ""


def reads(node: ast.AST | None) -> set[str]:
    """The names that an expression or statement reads, the parts of attributes among them."""
    found: set[str] = set()
    if node is None:
        return found
    for part in walk(node):
        if isinstance(part, ast.Name | ast.Attribute) and isinstance(part.ctx, ast.Load):
            name = name_of(part)
            if name:
                found.add(name)
    return found


def binds(target: ast.AST) -> set[str]:
    """The names that a target binds; of an element, the collection that holds it."""
    match target:
        case ast.Tuple() | ast.List():
            return set[str]().union(*(binds(element) for element in target.elts))
        case ast.Starred() | ast.Subscript():
            return binds(target.value)
        case _:
            name = name_of(target)
            return {name} if name else set()


@dataclass(slots=True)
class Step:
    """One binding of a loop's body: the names that it sets, and the names that it reads for that."""

    sets: set[str]
    reads: set[str]
    plain: bool = False  # whether one name is given the value of another, as it is


@dataclass(slots=True)
class Flow:
    """What a loop does with names.

    Attributes:
        targets: the loop's own variables.
        steps: the bindings of its body, in the order of the source.
        carried: names that a turn reads before it binds them, and binds: they come from the turn before.
    """

    targets: set[str]
    steps: list[Step] = field(default_factory=list[Step])
    carried: set[str] = field(default_factory=set[str])

    def sources(self, names: Iterable[str]) -> set[str]:
        """Names, and what they come from in one turn; the carried state is taken as one whole."""
        found = set(names)
        state = self.carried | {
            name
            for step in self.steps
            if step.plain and step.sets & self.carried
            for name in step.reads
        }
        if found & (state - self.carried):
            found |= self.carried
        for step in (*self.steps[::-1], *self.steps[::-1]):
            if step.sets & (found - state):
                found |= step.reads
        return found

    def results(self, names: Iterable[str]) -> set[str]:
        """Names, and what is computed from them within one turn."""
        found = set(names)
        for step in (*self.steps, *self.steps):
            if step.reads & found:
                found |= step.sets
        return found


@kept
def flow_of(loop: Loop) -> Flow:
    """What a loop does with names."""
    target = getattr(loop, "target", None)
    flow = Flow(binds(target) if target is not None else set())
    body = cast("list[ast.stmt]", getattr(loop, "body", []))
    _follow(body, flow, set(), set(flow.targets))
    return flow


def _follow(body: Iterable[ast.AST], flow: Flow, early: set[str], bound: set[str]) -> None:
    """Go through statements in order; `early` are names read before the turn had bound them."""
    for sets, read, plain in _bindings(body):
        early |= read - bound
        bound |= sets
        flow.steps.append(Step(sets, read, plain))
        flow.carried |= sets & early
    flow.carried -= flow.targets


_Binding = tuple[set[str], set[str], bool]


def _bindings(body: Iterable[ast.AST]) -> Iterator[_Binding]:
    for statement in body:
        yield from _of_statement(statement)
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for block in _BLOCKS:
            yield from _bindings(getattr(statement, block, []))


_BLOCKS = ("handlers", "cases", "body", "orelse", "finalbody")  # in statements that hold others


def _of_statement(statement: ast.AST) -> Iterator[_Binding]:
    """What a statement itself binds, of what; not the statements inside of it."""
    match statement:
        case ast.Assign():
            sets = set[str]().union(*(binds(target) for target in statement.targets))
            inner = set[str]().union(*(_of_element(target) for target in statement.targets))
            plain = isinstance(statement.value, ast.Name)
            yield sets, reads(statement.value) | inner, plain
        case ast.AnnAssign() if statement.value is not None:
            yield binds(statement.target), reads(statement.value), False
        case ast.AugAssign():
            sets = binds(statement.target)
            yield sets, reads(statement.value) | sets, False
        case ast.Expr():
            yield _changed(statement.value), reads(statement.value), False
        case ast.For() | ast.AsyncFor():
            yield binds(statement.target), reads(statement.iter), False
        case ast.While() | ast.If():
            yield set(), reads(statement.test), False
        case ast.With() | ast.AsyncWith():
            for item in statement.items:
                sets = binds(item.optional_vars) if item.optional_vars is not None else set[str]()
                yield sets, reads(item.context_expr), False
        case ast.Match():
            yield set(), reads(statement.subject), False
        case ast.Try() | ast.ExceptHandler() | ast.match_case():
            return
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield {statement.name}, reads(statement), False
        case _:
            yield set(), reads(statement), False


def _of_element(target: ast.AST) -> set[str]:
    """A collection of which one element is set keeps the others, so it is read too."""
    return binds(target) if isinstance(target, ast.Subscript) else set()


def _changed(value: ast.expr) -> set[str]:
    """What a call for its effect may change: the object whose method is called."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        name = name_of(value.func.value)
        return {name} if name else set()
    return set()


@kept
def loads_in(around: ast.AST) -> dict[str, list[ast.Name]]:
    """The places at which names are read within a function, by name."""
    found: dict[str, list[ast.Name]] = {}
    for part in walk(around):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            found.setdefault(part.id, []).append(part)
    return found


# Methods and functions that hand on what they are given, or a part or sum of it.
THROUGH = frozenset(["block_until_ready", "item", "copy", "mean", "sum", "all", "any"])


def last_of(function: ast.AST) -> str:
    """The last name of what is called: ``normal`` of ``jax.random.normal``."""
    return getattr(function, "attr", getattr(function, "id", ""))


def is_read_after(name: str, statement: ast.stmt, around: ast.AST, *, repeated: bool) -> bool:
    """Whether a name that a statement binds is read later on.

    Args:
        name: that is bound.
        statement: that binds it.
        around: the function or module.
        repeated: whether the statement stands in a loop, so that what is before comes after as well.
    """
    last = statement.end_lineno or statement.lineno
    return any(repeated or load.lineno > last for load in loads_in(around).get(name, []))


def reaches_the_state(loop: ast.AST, statement: ast.stmt | None) -> bool:
    """Whether what a statement of a loop computes gets into what the loop carries from turn to turn.

    Of a loop that is no statement, and of what stands elsewhere, it is taken to.
    """
    if not isinstance(loop, ast.For | ast.AsyncFor | ast.While) or statement is None:
        return True
    flow = flow_of(loop)
    bound = {name for sets, _, _ in _of_statement(statement) for name in sets}
    return not bound or bool(flow.results(bound) & flow.carried)


def feeds_back(flow: Flow, call: ast.AST, statement: ast.AST | None) -> bool:
    """Whether what a call returns comes back into it in the next turn.

    Args:
        flow: of the loop.
        call: in the loop's body.
        statement: that holds the call.
    """
    if _is_taken_in(call, statement):
        return True
    given = flow.sources(given_to(call)) & flow.carried
    return bool(given and flow.results(_set_by(statement)) & given)


_LARGER = frozenset({"max", "min", "maximum", "minimum"})  # they keep a figure, and train nothing


def _is_taken_in(call: ast.AST, statement: ast.AST | None) -> bool:
    """Whether another call makes the next state of this one and the result: ``w = fit(w, draw(b))``."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return False
    outer = statement.value
    name = getattr(outer.func, "attr", getattr(outer.func, "id", ""))
    beside = [part for part in outer.args if not any(each is call for each in walk(part))]
    inside = outer is not call and any(each is call for each in walk(outer))
    state = set[str]().union(*(reads(part) for part in beside)) & _set_by(statement)
    return inside and name not in _LARGER and bool(state)


def given_to(call: ast.AST) -> set[str]:
    """The names in a call's arguments, and the object whose method it is."""
    if not isinstance(call, ast.Call):
        return reads(call)
    parts = [*call.args, *(keyword.value for keyword in call.keywords)]
    found = set[str]().union(*(reads(part) for part in parts))
    return found | (reads(call.func.value) if isinstance(call.func, ast.Attribute) else set())


def _set_by(statement: ast.AST | None) -> set[str]:
    """The names that a statement binds itself, those of the statements inside of it left aside."""
    if isinstance(statement, ast.If | ast.While | ast.For | ast.AsyncFor | ast.With | ast.Try):
        return set()
    return (
        set[str]().union(*(sets for sets, *_ in _of_statement(statement))) if statement else set()
    )
