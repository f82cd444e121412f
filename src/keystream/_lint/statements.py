"""Walking statements: assignments, branches, loops, functions and classes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from collections.abc import Sequence as Items
from typing import TYPE_CHECKING, Any

from keystream._lint.caching import is_cached, watched
from keystream._lint.facts import Turn, text_of
from keystream._lint.frames import Frame, Heap
from keystream._lint.restoring import check_restored
from keystream._lint.resuming import check_resumed, stored_in
from keystream._lint.returning import returned_keys
from keystream._lint.scope import Scope
from keystream._lint.symbols import Range, Stack, Value
from keystream._lint.unknown_models import note_unread, note_unread_parameters
from keystream._lint.values import Class, Function, Made, constant_of, is_constant
from keystream._lint.walking import walk

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_NOTHING = object()


class Statements:
    """Executes statements. A block answers whether control can leave it at its end."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        branching = reader.branching
        self._handlers: dict[type[ast.stmt], Callable[[Any], Any]] = {
            ast.Assign: self.assignment,
            ast.AnnAssign: self.annotated,
            ast.AugAssign: self.augmented,
            ast.Expr: self.expression,
            ast.Delete: self.deleted,
            ast.Return: self.returned,
            ast.Raise: self.raised,
            ast.Assert: self.asserted,
            ast.Break: self.left,
            ast.Continue: self.left,
            ast.Global: self.outer_names,
            ast.Nonlocal: self.outer_names,
            ast.Import: self.imported,
            ast.ImportFrom: self.imported_from,
            ast.If: branching.conditional_statement,
            ast.Match: branching.matched,
            ast.Try: branching.tried,
            ast.TryStar: branching.tried,
            ast.For: self.for_loop,
            ast.AsyncFor: self.for_loop,
            ast.While: self.while_loop,
            ast.With: self.with_block,
            ast.AsyncWith: self.with_block,
            ast.FunctionDef: self.function,
            ast.AsyncFunctionDef: self.function,
            ast.ClassDef: self.class_,
        }

    def block(self, body: Items[ast.stmt]) -> bool:
        """Read statements in order; False where the last is never passed."""
        opened = 0
        alive = True
        for statement in body:
            self.reader.steps += 1
            self.reader.frame.statement = statement
            handler = self._handlers.get(type(statement))
            if handler is None:
                continue
            result = handler(statement)
            if isinstance(result, tuple):  # a branch that does not come back: the rest is the other
                self.reader.arms.append(result)
                opened += 1
            elif result is False:
                alive = False
                break
        for _ in range(opened):
            self.reader.arms.pop()
        return alive

    # Bindings.

    def assignment(self, node: ast.Assign) -> None:
        """``a = b = value``."""
        frame = self.reader.frame
        frame.target = text_of(node.targets[-1])
        value = self.reader.expressions.evaluate(node.value)
        frame.target = ""
        for target in node.targets:
            self.reader.binding.assign(target, value)
            if isinstance(target, ast.Name) and self.reader.scope.kind != "class":
                note_unread(self.reader, target.id, value, frame.node, target)

    def annotated(self, node: ast.AnnAssign) -> None:
        """``a: T = value``."""
        if node.value is not None:
            self.reader.binding.assign(node.target, self.reader.expressions.evaluate(node.value))

    def augmented(self, node: ast.AugAssign) -> None:
        """``a += value``."""
        load = _as_load(node.target)
        value = self.reader.expressions.evaluate(
            ast.copy_location(ast.BinOp(load, node.op, node.value), node)
        )
        self.reader.binding.assign(node.target, value)

    def expression(self, node: ast.Expr) -> None:
        """An expression for its effect."""
        value = self.reader.expressions.evaluate(node.value)
        if isinstance(value, Stack) and isinstance(node.value, ast.Call):
            self.reader.fact("split_discarded", node.value, key=value.key)

    def deleted(self, node: ast.Delete) -> None:
        """``del a``, ``del a.b``."""
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.reader.scope.names.pop(target.id, None)
            elif isinstance(target, ast.Attribute):
                owner = self.reader.expressions.evaluate(target.value)
                self.reader.write(self.reader.place(owner, target.attr), None)

    def returned(self, node: ast.Return) -> bool:
        """``return value``; keys in it go on to whoever called."""
        value = self.reader.expressions.evaluate(node.value)
        self.reader.frame.returns.append(value)
        if node.value is not None:
            for element, key, text in returned_keys(self.reader, node.value, value):
                self.reader.use(key, "kept", "return", element, text=text)
        return False

    def raised(self, node: ast.Raise) -> bool:
        """``raise error``."""
        if node.exc is not None:
            self.reader.expressions.evaluate(node.exc)
        return False

    def asserted(self, node: ast.Assert) -> None:
        """``assert test``."""
        self.reader.expressions.evaluate(node.test)

    def left(self, _node: ast.Break | ast.Continue) -> bool:
        """``break``, ``continue``."""
        return False

    def outer_names(self, node: ast.Global | ast.Nonlocal) -> None:
        """``global``, ``nonlocal``."""
        scope = self.reader.scope
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
                self.reader.scope.bind(alias.asname, self.reader.calls.module_named(alias.name))
            else:
                top = alias.name.partition(".")[0]
                self.reader.scope.bind(top, self.reader.calls.module_named(top))

    def imported_from(self, node: ast.ImportFrom) -> None:
        """``from a import b as c``."""
        base = self.reader.calls.absolute(node)
        for alias in node.names:
            if alias.name == "*":
                self.reader.calls.imported_all(base)
                continue
            self.reader.scope.bind(
                alias.asname or alias.name, self.reader.calls.member(base, alias.name)
            )

    # Loops.

    def for_loop(self, node: ast.For | ast.AsyncFor) -> None:
        """``for``."""
        iterable = self.reader.calls.iterated(
            self.reader.expressions.evaluate(node.iter), node.iter
        )
        self.reader.calls.loop_over(node, iterable)
        known = self.reader.iteration.unrolled(iterable)
        rounds: list[Value] = (
            known
            if known is not None
            else [self.reader.iteration.elem(iterable, 1), self.reader.iteration.elem(iterable, 2)]
        )
        self._rounds(node, rounds)
        bounds = iterable.bounds if isinstance(iterable, Range) else ()
        check_resumed(self.reader, node, list(bounds[:1] if len(bounds) >= 2 else ()))

    def while_loop(self, node: ast.While) -> None:
        """``while``."""
        test = constant_of(self.reader.expressions.evaluate(node.test), _NOTHING)
        if test is not _NOTHING and not test:
            return
        before = [
            value
            for part in walk(node.test)
            if isinstance(part, ast.Name)
            and stored_in(node, part.id)
            and (value := self.reader.scope.find(part.id)) is not None
        ]
        self._rounds(node, [None, None])
        check_resumed(self.reader, node, before if isinstance(node.test, ast.Compare) else [])

    def _rounds(
        self, node: ast.For | ast.AsyncFor | ast.While, rounds: Items[Value | None]
    ) -> None:
        scope = self.reader.scope
        before = dict(scope.names)
        if self.reader.exhausted() or len(self.reader.frame.turns) >= 3:
            rounds = rounds[:1]
        kind = "while" if isinstance(node, ast.While) else "for"
        for number, value in enumerate(rounds, 1):
            if isinstance(node, ast.While):
                if number > 1:
                    self.reader.expressions.evaluate(node.test)
            elif value is not None:
                self.reader.binding.assign(node.target, value)
            turn = Turn(node, number, kind, node.lineno, self.reader.graded)
            with self.reader.turn(turn):
                passed = self.block(node.body)
            if not passed and _always_leaves(node.body):
                break
        if not rounds:
            return
        if isinstance(node, ast.While) or len(rounds) < 1:
            scope.names = self.reader.branching.merged([scope.names, before])
        self.block(node.orelse)

    def with_block(self, node: ast.With | ast.AsyncWith) -> Any:
        """``with``."""
        managers: list[tuple[Heap, Heap]] = []
        for item in node.items:
            value = self.reader.expressions.evaluate(item.context_expr)
            if isinstance(value, Made) and value.name == "generated":
                if value.place is not None:
                    paused, finished = value.place
                    self.reader.restore(finished, paused)
                    managers.append((paused, finished))
                value = value.args[0]
            if item.optional_vars is not None:
                self.reader.binding.assign(item.optional_vars, value)
        passed = self.block(node.body)
        for paused, finished in managers[::-1]:
            self.reader.restore(paused, finished)
        return passed

    # Definitions.

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """``def``."""
        function = Function(
            node,
            self.reader.scope,
            self.reader.scope.qualified(node.name),
            defaults=self.reader.expressions.defaults_of(node.args),
        )
        self.reader.definitions.check_defaults(function)
        self.reader.definitions.defined(function)
        value: Value = function
        for decorator in node.decorator_list[::-1]:
            value = self.reader.definitions.decorated(value, decorator)
        self.reader.scope.bind(node.name, value)

    def class_(self, node: ast.ClassDef) -> None:
        """``class``."""
        bases = [self.reader.expressions.evaluate(base) for base in node.bases]
        scope = Scope(
            self.reader.scope.unit,
            "class",
            self.reader.scope.qualified(node.name),
            self.reader.scope,
        )
        found = Class(node, scope, scope.name, bases, scope.names, [])
        frame = self.reader.frame
        outer, turns = frame.scope, frame.turns
        frame.scope = scope
        try:
            for statement in node.body:
                handler = self._handlers.get(type(statement))
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    found.fields.append(statement.target.id)
                if handler is not None:
                    handler(statement)
        finally:
            frame.scope, frame.turns = outer, turns
        found.attributes = scope.names
        for value in scope.names.values():
            self.reader.definitions.adopt(value, found)
        self.reader.definitions.check_fields(found)
        for decorator in node.decorator_list:
            self.reader.expressions.evaluate(decorator)
        self.reader.definitions.class_defined(found)
        check_restored(self.reader, node)
        self.reader.scope.bind(node.name, found)

    # Whole functions.

    def run(self, function: Function, scope: Scope) -> Value:
        """Read a function whose parameters are bound in `scope`."""
        if is_cached(self.reader, function):
            return watched(self.reader, function, scope, self._run)
        return self._run(function, scope)

    def _run(self, function: Function, scope: Scope) -> Value:
        node = function.node
        frame = Frame(scope, node, owner=function)
        self.reader.frames.append(frame)
        self.reader.active.append(node)
        depth = len(self.reader.arms)
        note_unread_parameters(self.reader, node)
        try:
            if isinstance(node, ast.Lambda):
                return self.reader.expressions.evaluate(node.body)
            if self.block(node.body):
                frame.returns.append(self.reader.table.constant(None))
            if frame.yields:
                found = Made("generated", frame.yields, {}, node, self.reader.fresh("generated"))
                if frame.paused is not None:
                    found.place = (frame.paused, dict(self.reader.heap))
                return found
            if any(
                isinstance(decorator, ast.Name) and decorator.id.endswith("generator")
                for decorator in node.decorator_list
            ):
                return self.reader.fresh("generator")
            returns = frame.returns
            if len(returns) > 1 and not is_constant(returns[0]):
                returns = [value for value in returns if not is_constant(value)] or returns
            return (
                self.reader.containers.join(returns) if returns else self.reader.fresh("returned")
            )
        finally:
            del self.reader.arms[depth:]
            self.reader.frames.pop()
            self.reader.active.pop()


def _as_load(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    return target


def _always_leaves(body: Items[ast.stmt]) -> bool:
    """Whether a loop's body ends the loop in its first iteration."""
    return bool(body) and isinstance(body[-1], ast.Return | ast.Break | ast.Raise)
