"""One file: its tree with parents, its imports, and what a name refers to."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cached_property

Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = ast.Module | Function
Loop = ast.For | ast.AsyncFor | ast.While
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_INNER = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Refused(Exception):  # noqa: N818
    """Why keys are left as they are, and at which line."""

    def __init__(self, node: ast.AST, reason: str) -> None:
        super().__init__(reason)
        self.line: int = getattr(node, "lineno", 1)
        self.reason = reason


class Module:
    """A file to migrate."""

    def __init__(self, text: str, tree: ast.Module) -> None:
        self.tree = tree
        self.lines = text.split("\n")
        self.text = text
        self.parents = {
            child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)
        }
        self._added: dict[ast.AST, set[str]] = {}

    @cached_property
    def imported(self) -> dict[str, str]:
        """Names of this file and what they stand for: ``jr`` for ``jax.random``."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.split(".")[0]
                    found[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return found

    @cached_property
    def functions(self) -> dict[str, list[Function]]:
        """The functions of the file by name, methods left out."""
        found: dict[str, list[Function]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, Function) and not isinstance(self.parents[node], ast.ClassDef):
                found.setdefault(node.name, []).append(node)
        return found

    def called(self, node: ast.AST | None) -> str:
        """What a call calls, by its full name: ``jax.random.split``; empty for what is no call."""
        return self.full(node.func) if isinstance(node, ast.Call) else ""

    def full(self, node: ast.AST) -> str:
        """A dotted name with its imports resolved; empty for what is none."""
        words = dotted(node).split(".")
        return ".".join([self.imported.get(words[0], words[0]), *words[1:]])

    def source(self, node: ast.AST) -> str:
        """The text of a node."""
        return ast.get_source_segment(self.text, node) or ast.unparse(node)

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, innermost first."""
        while (node := self.parents.get(node)) is not None:  # type: ignore[assignment]
            yield node

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node is a part of."""
        if isinstance(node, ast.stmt):
            return node
        return next(outer for outer in self.around(node) if isinstance(outer, ast.stmt))

    def scope(self, node: ast.AST) -> ast.AST:
        """The function, lambda, class or module whose own a node is."""
        return next(
            outer
            for outer in self.around(node)
            if isinstance(outer, _INNER | ast.ClassDef | ast.Module)
        )

    def loops(self, node: ast.AST, scope: ast.AST) -> list[Loop]:
        """The loops of a scope that run a node again and again, outermost first."""
        found: list[Loop] = []
        inner = node
        for outer in self.around(node):
            if outer is scope:
                break
            if (
                isinstance(outer, Loop)
                and inner is not getattr(outer, "iter", None)
                and inner not in outer.orelse
            ):
                found.append(outer)
            inner = outer
        return found[::-1]

    def uses(self, scope: ast.AST, name: str) -> list[ast.Name]:
        """Where a scope's name is bound and read, in it and in the functions that see it."""
        found = [
            node for node in _visible(scope, name) if isinstance(node, ast.Name) and node.id == name
        ]
        return sorted(found, key=lambda node: (node.lineno, node.col_offset))

    def function(self, name: ast.AST, seen_from: ast.AST) -> Function | None:
        """The one function of this file that a name stands for at a place, as it is or compiled."""
        if not isinstance(name, ast.Name):
            return None
        scopes = {seen_from, *self.around(seen_from)}
        found = [one for one in self.functions.get(name.id, []) if self.scope(one) in scopes]
        if not found and name.id in self._wrapped:  # p_step = jax.jit(step)
            return self.function(self._wrapped[name.id], self._wrapped[name.id])
        return found[0] if len(found) == 1 else None

    @cached_property
    def _wrapped(self) -> dict[str, ast.Name]:
        """Variables that are bound to a call with a function first, and that function's name."""
        found: dict[str, ast.Name] = {}
        for node in ast.walk(self.tree):
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Call(args=[ast.Name() as run, *_])
                ) if run.id in self.functions and name not in self.functions:
                    found[name] = run
                case _:
                    pass
        return found

    def fresh(self, scope: ast.AST, *wanted: str) -> str:
        """The first of some names that a scope has no use for; it is taken from then on."""
        taken = set(_words(ast.walk(scope)))
        for outer in self.around(scope):
            if not isinstance(outer, ast.stmt) or isinstance(outer, _INNER):
                taken |= set(_words(own(outer)))
        for other, names in self._added.items():
            # What is added to the module may be hidden: only its own code and the bodies in it read it.
            outer = other in self.around(scope) and not isinstance(other, ast.Module)
            if other is scope or outer or scope in self.around(other):
                taken |= names
        numbered = (f"{wanted[-1]}_{number}" for number in range(2, 1000))
        name = next(one for one in (*wanted, *numbered) if one not in taken)
        self._added.setdefault(scope, set()).add(name)
        return name


def dotted(node: ast.AST) -> str:
    """``a.b.c`` as text; empty for what is no dotted name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def parameters(function: Function | ast.Lambda) -> list[ast.arg]:
    """The parameters that have a name, positional ones first."""
    every = function.args
    return [*every.posonlyargs, *every.args, *every.kwonlyargs]


def argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """The argument at a place or with a name."""
    if place < len(call.args) and not any(
        isinstance(arg, ast.Starred) for arg in call.args[: place + 1]
    ):
        return call.args[place]
    return next((word.value for word in call.keywords if word.arg == name), None)


def _visible(node: ast.AST, name: str) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _INNER) and _binds(child, name):
            # Its decorators and defaults are evaluated outside of it.
            outer = [*child.args.defaults, *(d for d in child.args.kw_defaults if d is not None)]
            outer += [] if isinstance(child, ast.Lambda) else child.decorator_list
            for part in outer:
                yield part
                yield from _visible(part, name)
            continue
        if isinstance(child, ast.ClassDef) and _is_field(child, name):  # its methods don't see it
            methods: list[ast.stmt] = [row for row in child.body if isinstance(row, Function)]
            yield from _visible(ast.Module(methods, []), name)
            continue
        if isinstance(child, COMPREHENSIONS) and name in _targets(child):
            yield from _visible(child.generators[0].iter, name)
            continue
        yield child
        yield from _visible(child, name)


def _targets(comprehension: ast.AST) -> set[str]:
    """The variables of a comprehension, which are its own."""
    targets = [
        node.target for node in ast.walk(comprehension) if isinstance(node, ast.comprehension)
    ]
    return {
        node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)
    }


def _binds(function: Function | ast.Lambda, name: str) -> bool:
    rest = [one for one in (function.args.vararg, function.args.kwarg) if one is not None]
    if name in {one.arg for one in [*parameters(function), *rest]}:
        return True
    own = list(_own(function))
    if any(isinstance(node, ast.Global | ast.Nonlocal) and name in node.names for node in own):
        return False
    return any(
        isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in own
    )


def _is_field(cls: ast.ClassDef, name: str) -> bool:
    """Whether a class binds a name in its own body."""
    own = (node for node in _own(cls) if isinstance(node, ast.Name) and node.id == name)
    return any(isinstance(node.ctx, ast.Store) for node in own)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, _INNER | ast.ClassDef):
            yield from _own(child)


def own(scope: ast.AST) -> list[ast.AST]:
    """The nodes of a scope without those of the functions and classes in it."""
    return list(_own(scope))


def _words(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names among some nodes."""
    for node in nodes:
        match node:
            case ast.Name(id=name) | ast.arg(arg=name):
                yield name
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name.split(".")[0]
            case _:
                pass
