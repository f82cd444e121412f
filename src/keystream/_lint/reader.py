"""Reading one module: its top level, then every function of it on its own."""

from __future__ import annotations

import ast
import sys
from typing import Any

from keystream._lint.advancing import check_steps
from keystream._lint.binding import Binding
from keystream._lint.branching import Branching
from keystream._lint.calls import Calls
from keystream._lint.containers import Containers
from keystream._lint.definitions import Definitions
from keystream._lint.expressions import Expressions
from keystream._lint.facts import Fact, Facts
from keystream._lint.frames import Frame
from keystream._lint.iteration import Iteration
from keystream._lint.objects import Objects
from keystream._lint.project import Project
from keystream._lint.scope import Scope, Unit
from keystream._lint.state import State
from keystream._lint.statements import Statements
from keystream._lint.symbols import Value
from keystream._lint.values import Function, Instance, Wrapped

STEPS_PER_LINE = 10
STEPS_OF_FILE = 6000
STEPS_OF_ENTRY = 2500
STEPS_TO_DECLARE = 2000


class Reader(State):
    """Reads a module and keeps what it saw in `facts`: the state of a reading, and the parts that read.

    Each part knows the reader, and by it the others: `expressions` evaluates, `calls` follows calls,
    `statements` executes, and so on.
    """

    def __init__(self, project: Project, budget: int) -> None:
        super().__init__(budget)
        self.project = project
        self.total = budget
        self.objects = Objects(self)
        self.calls = Calls(self)
        self.definitions = Definitions(self)
        self.iteration = Iteration(self)
        self.containers = Containers(self)
        self.binding = Binding(self)
        self.branching = Branching(self)
        self.expressions = Expressions(self)
        self.statements = Statements(self)

    def declare(self, unit: Unit) -> Scope:
        """Bind the names of a module, without judging what its top level does."""
        scope = Scope(unit, "module", "")
        self.hushed += 1
        self.frames.append(Frame(scope, unit.tree))
        wanted = (
            ast.FunctionDef,
            ast.AsyncFunctionDef,
            ast.ClassDef,
            ast.Import,
            ast.ImportFrom,
            ast.Assign,
            ast.AnnAssign,
            ast.If,
            ast.Try,
        )
        try:
            self.statements.block(
                [statement for statement in unit.tree.body if isinstance(statement, wanted)]
            )
        finally:
            self.frames.pop()
            self.hushed -= 1
        return scope

    def read(self, unit: Unit) -> Facts:
        """All facts of a module."""
        scope = Scope(unit, "module", "")
        frame = Frame(scope, unit.tree)
        self.frames.append(frame)
        self.limit = max(STEPS_OF_FILE, self.total // 2)
        self.statements.block(unit.tree.body)
        heap = dict(self.heap)
        started = 0
        while started < len(self.definitions.functions):
            function = self.definitions.functions[started]
            started += 1
            if function.scope.kind == "function" and function.node in self.covered:
                continue
            if self.steps > self.total:
                break
            if function.scope.unit is unit and self.calls.worth(function):
                self._entry(function, heap)
        self._mapped_entries(unit, heap)
        self.facts.facts = [fact for fact in self.facts.facts if not self._is_called(fact)]
        return self.facts

    def _is_called(self, fact: Fact) -> bool:
        """Whether a step is one that the file calls: then the loops around its calls tell."""
        return fact.kind == "step_alike" and fact.data["method"].node in self.covered

    def close(self) -> None:
        """Let go of all but the facts: the reader and its parts hold each other, and so every value."""
        vars(self).clear()

    def _mapped_entries(self, unit: Unit, heap: dict[tuple[int, str], Value]) -> None:
        """Read the functions that are defined under a mapping, if nothing that was read calls them."""
        for function in self.definitions.functions:
            wrappers = self.definitions.wrappers.get(function.node, [])
            mapped = next((wrapper for wrapper in wrappers if wrapper.kind in _MAPPED), None)
            called = function.node in self.covered or function.node.args.vararg is not None
            if mapped is not None and not called and function.scope.unit is unit:
                self._entry(function, heap, mapped)

    def _entry(
        self,
        function: Function,
        heap: dict[tuple[int, str], Value],
        mapped: Wrapped | None = None,
    ) -> None:
        """Read a function whose arguments are not known; `mapped`: under this transformation."""
        self.uses, self.routes, self.arms = {}, {}, []
        if function.scope.kind != "function":
            self.heap, self.logs = dict(heap), []
        self.streams, self.mapped, self.graded = [], [], 0
        self.compiled, self.remembered = {}, {}
        self.limit = min(self.total, self.steps + STEPS_OF_ENTRY)
        wrappers = self.definitions.wrappers.get(function.node, [])
        self.jitted = [
            self.site(wrapper.node, wrapper)
            for wrapper in wrappers
            if wrapper.kind in ("jit", "pmap")
        ][:1]
        args: list[Value] = []
        node = function.node
        positional = [*node.args.posonlyargs, *node.args.args]
        if function.owner is not None and positional and not _static(node):
            symbol = self.calls.parameter(node, positional[0].arg)
            args = [Instance(function.owner, symbol, known=False)]
        fresh = Function(node, function.scope, function.name, function.owner, None, {})
        scope = self.calls.bound(fresh, args, {})
        self._mark_variadic(node, scope)
        if mapped is None:
            self.statements.run(fresh, scope)
            if args and isinstance(args[0], Instance):
                check_steps(self, function, args[0])
        else:
            given = [scope.names[parameter.arg] for parameter in positional]
            self.calls.call(mapped, given, {}, mapped.node)
        self.jitted = []

    def _mark_variadic(self, node: Any, scope: Scope) -> None:
        if node.args.vararg is not None:
            scope.names[node.args.vararg.arg] = self.calls.parameter(
                node, "*" + node.args.vararg.arg
            )
        if node.args.kwarg is not None:
            scope.names[node.args.kwarg.arg] = self.calls.parameter(
                node, "**" + node.args.kwarg.arg
            )


_MAPPED = ("vmap", "pmap", "shard_map")  # transformations that share an argument, or hand it out


def _static(node: ast.AST) -> bool:
    return any(
        isinstance(decorator, ast.Name) and decorator.id in ("staticmethod",)
        for decorator in getattr(node, "decorator_list", ())
    )


sys.setrecursionlimit(max(sys.getrecursionlimit(), 5000))
