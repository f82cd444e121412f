"""Edits of source that keep its lines: other names, no comments, a comparison in each assignment.

Only what a program owns by itself is renamed: local and global variables, functions, classes and
parameters. What a library sees by its name stays: attributes, fields of classes, keywords of calls
and parameters that a call or a text names.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(eq=False)
class _Scope:
    """Names that one module, class, function or comprehension binds."""

    parent: _Scope | None
    is_class: bool = False
    bound: dict[str, str] = field(default_factory=dict)
    outer: set[str] = field(default_factory=set)

    def owner(self, name: str) -> _Scope | None:
        """The scope that a name read here belongs to, as Python finds it."""
        scope: _Scope | None = self
        while scope is not None:
            visible = scope is self or not scope.is_class
            if visible and name in scope.bound and name not in scope.outer:
                return scope
            scope = scope.parent
        return None


def renamed(source: str, new_name: Callable[[int, bool], str]) -> str:
    """Rename what the program owns.

    Args:
        source: of the program.
        new_name: gives the name with a number, from 1; is told whether it is one of a class.
    """
    tree = ast.parse(source)
    names = _Resolver(tree).occurrences()
    kept = _kept(tree)
    numbers: dict[tuple[int, str], str] = {}
    changes: dict[tuple[int, int], tuple[str, str]] = {}
    for scope, name, line, column in names:
        owner = scope.owner(name)
        if owner is None or owner.is_class:
            continue
        kind = owner.bound[name]
        if kind == "import" or name.startswith("__") or name in ("self", "cls"):
            continue
        if kind in ("parameter", "class") and name in kept:
            continue
        key = (id(owner), name)
        if key not in numbers:
            numbers[key] = new_name(len(numbers) + 1, kind == "class")
        changes[line, column] = (name, numbers[key])
    return _replaced(source, changes)


def _kept(tree: ast.Module) -> set[str]:
    """Names that calls or texts name: parameters and classes of these names stay."""
    kept: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg=str(name)):
                kept.add(name)
            case ast.Constant(value=str(text)):
                kept.update(text.split())
                kept.add(text.rsplit("_", 1)[0])
            case _:
                pass
    return kept


class _Resolver:
    """Walks a module and says which scope each name belongs to."""

    def __init__(self, tree: ast.Module) -> None:
        self.names: list[tuple[_Scope, str, int, int]] = []
        self.module = _Scope(None)
        self._bind_all(tree.body, self.module)
        self._visit_all(tree.body, self.module)

    def occurrences(self) -> list[tuple[_Scope, str, int, int]]:
        """Scope, name, line and column (in bytes) of each name, in the order of the file."""
        return sorted(self.names, key=lambda found: found[2:])

    def _bind_all(self, nodes: list[ast.AST] | list[ast.stmt], scope: _Scope) -> None:
        for node in nodes:
            self._bind(node, scope)

    def _bind(self, node: ast.AST, scope: _Scope) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                scope.bound.setdefault(node.name, "function")
            case ast.ClassDef():
                scope.bound.setdefault(node.name, "class")
            case ast.Lambda():
                pass
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                for inner in ast.walk(node):
                    if isinstance(inner, ast.NamedExpr):
                        scope.bound.setdefault(inner.target.id, "variable")
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    scope.bound[(alias.asname or alias.name).split(".")[0]] = "import"
            case ast.Global() | ast.Nonlocal():
                scope.outer.update(node.names)
            case ast.Name(ctx=ast.Store() | ast.Del()):
                scope.bound.setdefault(node.id, "variable")
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                scope.bound[name] = "import"  # its position is not in the tree: it stays
                self._bind_all(list(ast.iter_child_nodes(node)), scope)
            case _:
                self._bind_all(list(ast.iter_child_nodes(node)), scope)

    def _visit_all(self, nodes: list[ast.AST] | list[ast.stmt], scope: _Scope) -> None:
        for node in nodes:
            self._visit(node, scope)

    def _visit(self, node: ast.AST, scope: _Scope) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._function(node, scope)
            case ast.ClassDef():
                self._name(node.name, node.lineno, node.col_offset + len("class "), scope)
                self._visit_all([*node.decorator_list, *node.bases, *node.keywords], scope)
                inside = _Scope(scope, is_class=True)
                self._bind_all(node.body, inside)
                self._visit_all(node.body, inside)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                inside = _Scope(scope)
                for generator in node.generators:
                    self._bind_all([generator.target], inside)
                first = node.generators[0]
                self._visit(first.iter, scope)  # Python evaluates it outside
                self._visit_all([first.target, *first.ifs], inside)
                parts = [part for part in ast.iter_child_nodes(node) if part is not first]
                self._visit_all(parts, inside)
            case ast.Name():
                self._name(node.id, node.lineno, node.col_offset, scope)
            case _:
                self._visit_all(list(ast.iter_child_nodes(node)), scope)

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: _Scope
    ) -> None:
        arguments = node.args
        outside = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
        inside = _Scope(scope)
        parameters = [
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            *(a for a in (arguments.vararg, arguments.kwarg) if a is not None),
        ]
        if isinstance(node, ast.Lambda):
            body: list[ast.AST] = [node.body]
        else:
            body = list(node.body)
            keyword = "async def " if isinstance(node, ast.AsyncFunctionDef) else "def "
            self._name(node.name, node.lineno, node.col_offset + len(keyword), scope)
            outside += [*node.decorator_list, *([node.returns] if node.returns else [])]
        for parameter in parameters:
            inside.bound[parameter.arg] = "parameter"
            self._name(parameter.arg, parameter.lineno, parameter.col_offset, inside)
            if parameter.annotation is not None:
                outside.append(parameter.annotation)
        self._visit_all(outside, scope)
        self._bind_all(body, inside)
        self._visit_all(body, inside)

    def _name(self, name: str, line: int, column: int, scope: _Scope) -> None:
        self.names.append((scope, name, line, column))


def _replaced(source: str, changes: dict[tuple[int, int], tuple[str, str]]) -> str:
    lines = source.splitlines(keepends=True)
    for (line, column), (old, new) in sorted(changes.items(), reverse=True):
        text = lines[line - 1].encode()
        end = column + len(old.encode())
        if text[column:end].decode() != old:
            raise ValueError(f"line {line}, column {column}: {old} expected in {text!r}")
        lines[line - 1] = (text[:column] + new.encode() + text[end:]).decode()
    return "".join(lines)


def without_comments(source: str) -> str:
    """Take comments and texts of documentation out; the lines keep their numbers."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    for node in ast.walk(ast.parse(source)):
        for text in _documentation(node):
            start, end = text.lineno - 1, (text.end_lineno or text.lineno) - 1
            lines[start] = lines[start][: text.col_offset] + '""'
            lines[start + 1 : end + 1] = [""] * (end - start)
    return "\n".join(lines) + "\n"


def _documentation(node: ast.AST) -> Iterator[ast.Constant]:
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) or not node.body:
        return
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        yield first.value


def with_comparisons(source: str) -> str:
    """Write each `x = f(...)` as `x = f(...) if 1 == 1 else None`, fields of classes aside."""
    ends: list[tuple[int, int]] = []

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            visit(child)
            if (
                isinstance(child, ast.Assign)
                and isinstance(child.value, ast.Call)
                and not isinstance(node, ast.ClassDef)
            ):
                ends.append((child.value.end_lineno or 0, child.value.end_col_offset or 0))

    visit(ast.parse(source))
    lines = source.splitlines()
    for line, column in sorted(ends, reverse=True):
        text = lines[line - 1].encode()
        lines[line - 1] = (text[:column] + b" if 1 == 1 else None" + text[column:]).decode()
    return "\n".join(lines) + "\n"


_MISLEADING = (
    "sample from the replay buffer",
    "is NOT the same noise",
    "for the reproducibility check",
    "evaluate the value function at this location",
    "equal blocks are compared below",
)


def misleading_comments(source: str, wanted: frozenset[int]) -> dict[int, str]:
    """Comments that explain nothing, by the line that they are to stand above.

    They stand above each statement that has one of the lines in `wanted`, and above every third
    other one.
    """
    comments: dict[int, str] = {}
    lines = source.splitlines()
    for index, statement in enumerate(_simple_statements(ast.parse(source))):
        covers = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        above = lines[statement.lineno - 1]
        starts = not above[: statement.col_offset].strip()
        if starts and (index % 3 == 0 or wanted & set(covers)):
            words = _MISLEADING[index % len(_MISLEADING)]
            comments[statement.lineno] = f"{' ' * statement.col_offset}# {words}"
    return comments


def _simple_statements(tree: ast.Module) -> list[ast.stmt]:
    kinds = ast.Assign | ast.AugAssign | ast.Return | ast.Expr | ast.For | ast.While
    found = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))
