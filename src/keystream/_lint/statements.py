"""Walking statements: assignments, branches, loops, functions and classes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from collections.abc import Sequence as Items
from typing import Any

from keystream._lint.branching import Branching
from keystream._lint.facts import Turn, text_of
from keystream._lint.frames import Frame, Heap
from keystream._lint.noticing import stored_in
from keystream._lint.scope import Scope
from keystream._lint.values import (
    Class,
    Function,
    Made,
    Symbol,
    Value,
    constant_of,
    is_constant,
)

_NOTHING = object()


class Statements(Branching):
    """Executes statements. A block answers whether control can leave it at its end."""

    def block(self, body: Items[ast.stmt]) -> bool:
        """Read statements in order; False where the last is never passed."""
        opened = 0
        alive = True
        for statement in body:
            self.steps += 1
            self.frame.statement = statement
            handler = _HANDLERS.get(type(statement))
            if handler is None:
                continue
            result = handler(self, statement)
            if isinstance(result, tuple):  # a branch that does not come back: the rest is the other
                self.arms.append(result)
                opened += 1
            elif result is False:
                alive = False
                break
        for _ in range(opened):
            self.arms.pop()
        return alive

    # Bindings.

    def assignment(self, node: ast.Assign) -> None:
        """``a = b = value``."""
        frame = self.frame
        frame.target = text_of(node.targets[-1])
        value = self.evaluate(node.value)
        frame.target = ""
        for target in node.targets:
            self.assign(target, value)

    def annotated(self, node: ast.AnnAssign) -> None:
        """``a: T = value``."""
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value))

    def augmented(self, node: ast.AugAssign) -> None:
        """``a += value``."""
        load = _as_load(node.target)
        value = self.evaluate(ast.copy_location(ast.BinOp(load, node.op, node.value), node))
        self.assign(node.target, value)

    def expression(self, node: ast.Expr) -> None:
        """An expression for its effect."""
        value = self.evaluate(node.value)
        if isinstance(node.value, ast.Call):
            self.discarded(node.value, value)

    def deleted(self, node: ast.Delete) -> None:
        """``del a``."""
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.scope.names.pop(target.id, None)

    def returned(self, node: ast.Return) -> bool:
        """``return value``."""
        self.frame.returns.append(self.evaluate(node.value))
        return False

    def raised(self, node: ast.Raise) -> bool:
        """``raise error``."""
        if node.exc is not None:
            self.evaluate(node.exc)
        return False

    def asserted(self, node: ast.Assert) -> None:
        """``assert test``."""
        self.evaluate(node.test)

    def left(self, _node: ast.Break | ast.Continue) -> bool:
        """``break``, ``continue``."""
        return False

    def outer_names(self, node: ast.Global | ast.Nonlocal) -> None:
        """``global``, ``nonlocal``."""
        scope = self.scope
        for name in node.names:
            if isinstance(node, ast.Global):
                scope.outer[name] = scope.module
                continue
            outer = scope.parent
            while outer is not None and name not in outer.names:
                outer = outer.parent
            if outer is not None:
                scope.outer[name] = outer

    # Imports.

    def imported(self, node: ast.Import) -> None:
        """``import a.b as c``."""
        for alias in node.names:
            if alias.asname:
                self.scope.bind(alias.asname, self.module_named(alias.name))
            else:
                top = alias.name.partition(".")[0]
                self.scope.bind(top, self.module_named(top))

    def imported_from(self, node: ast.ImportFrom) -> None:
        """``from a import b as c``."""
        base = self.absolute(node)
        for alias in node.names:
            if alias.name == "*":
                self.imported_all(base)
                continue
            self.scope.bind(alias.asname or alias.name, self.member(base, alias.name))

    # Loops.

    def for_loop(self, node: ast.For | ast.AsyncFor) -> None:
        """``for``."""
        iterable = self.iterated(self.evaluate(node.iter), node.iter)
        self.loop_over(node, iterable)
        known = self.unrolled(iterable)
        rounds: list[Value] = (
            known if known is not None else [self.elem(iterable, 1), self.elem(iterable, 2)]
        )
        self._rounds(node, rounds)
        bounds = iterable.args if isinstance(iterable, Symbol) and iterable.op == "range" else ()
        self.after_loop(node, list(bounds[:1] if len(bounds) >= 2 else ()))

    def while_loop(self, node: ast.While) -> None:
        """``while``."""
        test = constant_of(self.evaluate(node.test), _NOTHING)
        if test is not _NOTHING and not test:
            return
        before = [
            value
            for part in ast.walk(node.test)
            if isinstance(part, ast.Name)
            and stored_in(node, part.id)
            and (value := self.scope.find(part.id)) is not None
        ]
        self._rounds(node, [None, None])
        self.after_loop(node, before if isinstance(node.test, ast.Compare) else [])

    def _rounds(
        self, node: ast.For | ast.AsyncFor | ast.While, rounds: Items[Value | None]
    ) -> None:
        scope = self.scope
        before = dict(scope.names)
        if self.exhausted() or len(self.frame.turns) >= 3:
            rounds = rounds[:1]
        kind = "while" if isinstance(node, ast.While) else "for"
        for number, value in enumerate(rounds, 1):
            if isinstance(node, ast.While):
                if number > 1:
                    self.evaluate(node.test)
            elif value is not None:
                self.assign(node.target, value)
            with self.turn(Turn(node, number, kind, node.lineno)):
                passed = self.block(node.body)
            if not passed and _always_leaves(node.body):
                break
        if not rounds:
            return
        if isinstance(node, ast.While) or len(rounds) < 1:
            scope.names = self._merged([scope.names, before])
        self.block(node.orelse)

    def with_block(self, node: ast.With | ast.AsyncWith) -> Any:
        """``with``."""
        managers: list[tuple[Heap, Heap]] = []
        for item in node.items:
            value = self.evaluate(item.context_expr)
            if isinstance(value, Made) and value.name == "generated":
                if value.place is not None:
                    paused, finished = value.place
                    self.restore(finished, paused)
                    managers.append((paused, finished))
                value = value.args[0]
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value)
        passed = self.block(node.body)
        for paused, finished in managers[::-1]:
            self.restore(paused, finished)
        return passed

    # Definitions.

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """``def``."""
        function = Function(
            node, self.scope, self.scope.qualified(node.name), defaults=self.defaults_of(node.args)
        )
        self.check_defaults(function)
        self.defined(function)
        value: Value = function
        for decorator in node.decorator_list[::-1]:
            value = self.decorated(value, decorator)
        self.scope.bind(node.name, value)

    def class_(self, node: ast.ClassDef) -> None:
        """``class``."""
        bases = [self.evaluate(base) for base in node.bases]
        scope = Scope(self.scope.unit, "class", self.scope.qualified(node.name), self.scope)
        found = Class(node, scope, scope.name, bases, scope.names, [])
        frame = self.frame
        outer, turns = frame.scope, frame.turns
        frame.scope = scope
        try:
            for statement in node.body:
                handler = _HANDLERS.get(type(statement))
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    found.fields.append(statement.target.id)
                if handler is not None:
                    handler(self, statement)
        finally:
            frame.scope, frame.turns = outer, turns
        found.attributes = scope.names
        for value in scope.names.values():
            self.adopt(value, found)
        self.check_fields(found)
        for decorator in node.decorator_list:
            self.evaluate(decorator)
        self.class_defined(found)
        self.scope.bind(node.name, found)

    # Whole functions.

    def run(self, function: Function, scope: Scope) -> Value:
        """Read the body of a function whose parameters are bound in `scope`."""
        node = function.node
        frame = Frame(scope, node, owner=function)
        self.frames.append(frame)
        self.active.append(node)
        depth = len(self.arms)
        try:
            if isinstance(node, ast.Lambda):
                return self.evaluate(node.body)
            if self.block(node.body):
                frame.returns.append(self.table.constant(None))
            if frame.yields:
                found = Made("generated", frame.yields, {}, node, self.fresh("generated"))
                if frame.paused is not None:
                    found.place = (frame.paused, dict(self.heap))
                return found
            if any(
                isinstance(decorator, ast.Name) and decorator.id.endswith("generator")
                for decorator in node.decorator_list
            ):
                return self.fresh("generator")
            returns = frame.returns
            if len(returns) > 1 and not is_constant(returns[0]):
                returns = [value for value in returns if not is_constant(value)] or returns
            return self.join(returns) if returns else self.fresh("returned")
        finally:
            del self.arms[depth:]
            self.frames.pop()
            self.active.pop()


def _as_load(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    return target


def _always_leaves(body: Items[ast.stmt]) -> bool:
    """Whether a loop's body ends the loop in its first iteration."""
    return bool(body) and isinstance(body[-1], ast.Return | ast.Break | ast.Raise)


_HANDLERS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Assign: Statements.assignment,
    ast.AnnAssign: Statements.annotated,
    ast.AugAssign: Statements.augmented,
    ast.Expr: Statements.expression,
    ast.Delete: Statements.deleted,
    ast.Return: Statements.returned,
    ast.Raise: Statements.raised,
    ast.Assert: Statements.asserted,
    ast.Break: Statements.left,
    ast.Continue: Statements.left,
    ast.Global: Statements.outer_names,
    ast.Nonlocal: Statements.outer_names,
    ast.Import: Statements.imported,
    ast.ImportFrom: Statements.imported_from,
    ast.If: Statements.conditional_statement,
    ast.Match: Statements.matched,
    ast.Try: Statements.tried,
    ast.TryStar: Statements.tried,
    ast.For: Statements.for_loop,
    ast.AsyncFor: Statements.for_loop,
    ast.While: Statements.while_loop,
    ast.With: Statements.with_block,
    ast.AsyncWith: Statements.with_block,
    ast.FunctionDef: Statements.function,
    ast.AsyncFunctionDef: Statements.function,
    ast.ClassDef: Statements.class_,
}
