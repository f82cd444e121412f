"""Branches: each is read from the same start, and what they leave behind is joined."""

from __future__ import annotations

import ast
from collections.abc import Callable
from collections.abc import Sequence as Items
from typing import TYPE_CHECKING, Any

from keystream._lint.dataflow import binds, name_of
from keystream._lint.symbols import Constant, Element, Item, Opaque, Symbol, Value, is_operation
from keystream._lint.values import constant_of
from keystream._lint.walking import kept, walk

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_NOTHING = object()


class Branching:
    """Reads `if`, `match` and `try`."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        # what an attribute was when an `if` first filled it
        self._empty: dict[tuple[ast.If, tuple[int, str]], Value | None] = {}

    # Implemented by what derives from this class.
    block: Callable[[Items[ast.stmt]], bool]

    def branch_of(self, test: ast.expr, node: ast.AST) -> tuple[Any, tuple[Any, Any]]:
        """A name for a condition, so that contradicting branches are recognised, and its two values."""
        positive = True
        while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test, positive = test.operand, not positive
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            other = test.comparators[0]
            op = test.ops[0]
            if isinstance(op, ast.Eq | ast.Is | ast.NotEq | ast.IsNot) and isinstance(
                other, ast.Constant
            ):
                value = self.reader.expressions.evaluate(test.left)
                if isinstance(value, Symbol):
                    same = isinstance(op, ast.Eq | ast.Is) == positive
                    chosen = ("is", repr(other.value))
                    unequal = _Unequal(chosen)
                    return ("value", value), (chosen, unequal) if same else (unequal, chosen)
        value = self.reader.expressions.evaluate(test)
        choices = (True, False) if positive else (False, True)
        if isinstance(value, Symbol) and not isinstance(value, Opaque):
            return ("test", value), choices
        return (
            "node",
            node,
            tuple(turn.number for turn in self.reader.frame.turns),
            len(self.reader.frames),
        ), choices

    def conditional_statement(self, node: ast.If) -> Any:
        """``if``, ``elif``, ``else``."""
        filled = self._filled(node)
        test = self.reader.expressions.evaluate(node.test)
        plain = constant_of(test, _NOTHING)
        main = _is_main(node.test)
        if plain is not _NOTHING or main:
            return self.reader.statements.block(node.body if main or plain else node.orelse)
        branch, choices = self.branch_of(node.test, node)
        second = self.reader.frame.turns[-1].number > 1 if self.reader.frame.turns else False
        if filled or (second and self._once(node)):
            self.reader.statements.block(node.orelse)
            return None
        return self._arms(branch, [(choices[0], node.body), (choices[1], node.orelse)])

    def _once(self, node: ast.If) -> bool:
        """Whether the body of an `if` inside a loop is read in one iteration only."""
        test = node.test
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq | ast.Lt | ast.LtE):
            value = self.reader.expressions.evaluate(test.left)
            if isinstance(value, Symbol) and (
                isinstance(value, Element | Constant | Opaque | Item) or is_operation(value, "Add")
            ):
                return not isinstance(test.left, ast.BinOp)
        return _sets_its_test(node)

    def _filled(self, node: ast.If) -> bool:
        """Whether an `if` that fills an empty attribute was read before, and filled this one.

        ``if self.state is None: self.state = init(self.key)`` is passed by in later turns and calls.
        """
        asked = _filling(node)
        if asked is None:
            return False
        place = self.reader.place(self.reader.expressions.evaluate(asked.value), asked.attr)
        now = self.reader.heap.get(place)
        before = self._empty.setdefault((node, place), now)
        return now is not None and now is not before and constant_of(now, _NOTHING) is not None

    def _arms(self, branch: Any, arms: list[tuple[Any, Items[ast.stmt]]]) -> Any:
        scope = self.reader.scope
        before = dict(scope.names)
        ends: list[tuple[Any, dict[str, Value], dict[tuple[int, str], Value]]] = []
        for choice, body in arms:
            scope.names = dict(before)
            with self.reader.arm(branch, choice), self.reader.aside() as changes:
                passed = self.reader.statements.block(body)
            if passed:
                ends.append((choice, scope.names, changes))
        if not ends:
            scope.names = before
            return False
        scope.names = self.merged([names for _, names, _ in ends])
        for place in {place for _, _, changes in ends for place in changes}:
            values = [
                value
                for _, _, changes in ends
                if (value := changes.get(place, self.reader.heap.get(place))) is not None
            ]
            self.reader.write(
                place, values[0] if len(values) == 1 else self.reader.containers.join(values)
            )
        if len(ends) < len(arms):  # what follows belongs to the arms that come back
            choices = [choice for choice, _, _ in ends]
            return (branch, choices[0] if len(choices) == 1 else _OneOf(choices))
        return None

    def merged(self, ends: list[dict[Any, Value]]) -> dict[Any, Value]:
        """Names after branches that bound them differently."""
        merged = ends[0]
        for names in ends[1:]:
            for name, value in names.items():
                other = merged.get(name)
                if other is not value:
                    merged[name] = (
                        value if other is None else self.reader.containers.join([other, value])
                    )
        return merged

    def matched(self, node: ast.Match) -> Any:
        """``match``."""
        subject = self.reader.expressions.evaluate(node.subject)
        arms: list[tuple[Any, Items[ast.stmt]]] = []
        exhaustive = False
        for number, case in enumerate(node.cases):
            for part in walk(case.pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    self.reader.scope.bind(name, self.reader.fresh("captured", subject))
            arms.append((number, case.body))
            exhaustive = exhaustive or (
                isinstance(case.pattern, ast.MatchAs)
                and case.pattern.pattern is None
                and case.guard is None
            )
        if not exhaustive:
            arms.append((len(arms), []))
        return self._arms(("match", node, len(self.reader.frames)), arms)

    def tried(self, node: ast.Try) -> Any:
        """``try``: a handler excludes what its body did."""
        branch = (
            "try",
            node,
            len(self.reader.frames),
            tuple(turn.number for turn in self.reader.frame.turns),
        )
        arms: list[tuple[Any, Items[ast.stmt]]] = [(0, [*node.body, *node.orelse])]
        arms += [(number, handler.body) for number, handler in enumerate(node.handlers, 1)]
        result = self._arms(branch, arms)
        return result if self.reader.statements.block(node.finalbody) else False


class _Unequal:
    """Any value but one, as a branch's choice."""

    __slots__ = ("chosen",)

    def __init__(self, chosen: Any) -> None:
        self.chosen = chosen

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Unequal):
            return True  # may be one value
        return other != self.chosen

    def __hash__(self) -> int:
        return 0


class _OneOf:
    """Any of some choices of a branch."""

    __slots__ = ("choices",)

    def __init__(self, choices: list[Any]) -> None:
        self.choices = choices

    def __eq__(self, other: object) -> bool:
        others = other.choices if isinstance(other, _OneOf) else [other]
        return any(one == choice for one in self.choices for choice in others)

    def __hash__(self) -> int:
        return 0


def _is_main(test: ast.expr) -> bool:
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
    )


@kept
def _sets_its_test(node: ast.If) -> bool:
    """Whether the body of an `if` binds a name that its test reads.

    ``if params is None: params = init(...)`` is such a one.
    """
    names = {part.id for part in walk(node.test) if isinstance(part, ast.Name)}
    return any(
        isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and part.id in names
        for statement in node.body
        for part in walk(statement)
    )


@kept
def _filling(node: ast.If) -> ast.Attribute | None:
    """The attribute that an `if` asks to be None or false, and binds to something else."""
    match node.test:
        case ast.Compare(
            left=ast.Attribute() as asked,
            ops=[ast.Is() | ast.Eq()],
            comparators=[ast.Constant(value=None)],
        ):
            pass
        case ast.UnaryOp(op=ast.Not(), operand=ast.Attribute() as asked):
            pass
        case _:
            return None
    name = name_of(asked)
    filled = any(
        isinstance(statement, ast.Assign)
        and not isinstance(statement.value, ast.Constant)
        and any(name in binds(target) for target in statement.targets)
        for statement in node.body
    )
    return asked if name and filled else None
