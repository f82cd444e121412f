"""Statements as they read with other keys in them: the lines of a fix that is pasted."""

from __future__ import annotations

import ast
import linecache
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from keystream._evidence.names import header
from keystream._evidence.source import scope_of, source_of, spans, statement
from keystream._findings import Location

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)


def statement_at(place: Location) -> ast.stmt | None:
    """The innermost statement at a place; of several on one line the one that covers its column."""
    node, source = statement(place), source_of(place.path)
    if node is None or source is None or spans(node, place):
        return node
    covering = [
        each for each in ast.walk(source.tree) if isinstance(each, ast.stmt) and spans(each, place)
    ]
    return covering[-1] if covering else node


def is_spelled(node: ast.AST) -> bool:
    """Whether an expression names a variable, a field or an entry: ``rngs``, ``rngs["dropout"]``."""
    match node:
        case ast.Name():
            return True
        case ast.Attribute(value=owner):
            return is_spelled(owner)
        case ast.Subscript(value=owner, slice=ast.Constant() | ast.Name()):
            return is_spelled(owner)
        case _:
            return False


def spellings(node: ast.AST) -> Iterator[ast.expr]:
    """The variables, fields and entries that an expression reads, each as a whole, in its order.

    What it calls is none of them.
    """
    if isinstance(node, ast.expr) and is_spelled(node):
        if isinstance(getattr(node, "ctx", None), ast.Load):
            yield node
        return
    for each in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Call) and each is node.func and is_spelled(each)):
            yield from spellings(each)


def uses_of(names: Iterable[str], parts: Iterable[ast.AST]) -> list[ast.expr]:
    """Where some expressions read what goes by one of several names."""
    known = set(names)
    return [use for part in parts for use in spellings(part) if ast.unparse(use) in known]


def reads(node: ast.stmt) -> list[ast.AST]:
    """What a statement reads itself, without the statements in it."""
    return header(node)[1]


def is_bound(name: str, place: Location) -> bool:
    """Whether the function at a place, or the module, may bind a name anew, or an object its field.

    A field that no line assigns to may be one of an object that never changes.
    """
    scope, source = scope_of(place), source_of(place.path)
    if scope is None or source is None or isinstance(scope, ast.Lambda):
        return False
    if not name.isidentifier():
        return any(name == ast.unparse(each) for each in _stored(source.tree))
    return isinstance(scope, ast.Module) or binds(scope, name)


def binds(function: ast.AST, name: str) -> bool:
    """Whether a function has a parameter or a variable of a name."""
    return has_parameter(function, name) or any(
        isinstance(each, ast.Name) and each.id == name for each in _stored(function)
    )


def has_parameter(function: ast.AST, name: str) -> bool:
    """Whether a function has a parameter of a name."""
    arguments = getattr(function, "args", None)
    parameters = ast.walk(arguments) if isinstance(arguments, ast.arguments) else iter(())
    return any(isinstance(each, ast.arg) and each.arg == name for each in parameters)


def _stored(node: ast.AST) -> Iterator[ast.expr]:
    for each in ast.walk(node):
        if isinstance(getattr(each, "ctx", None), ast.Store) and isinstance(each, ast.expr):
            yield each


def rewritten(
    path: str, statements: Sequence[ast.stmt], changes: Mapping[ast.expr, str] | None = None
) -> str:
    """The lines of some statements with other expressions in them, without their indentation.

    Args:
        path: of the file.
        statements: of a compound one its first line is meant.
        changes: what stands in place of some expressions.

    Returns:
        The lines; empty where the file is another one by now.
    """
    linecache.checkcache(path)  # it may have been written anew since
    lines = [line.rstrip("\n") for line in linecache.getlines(path)]
    for node, text in sorted((changes or {}).items(), key=_position, reverse=True):
        changed = _changed(lines, node, text)
        if changed is None:
            return ""
        lines[node.lineno - 1] = changed
    ranges: list[range] = []
    for node in sorted(statements, key=lambda each: each.lineno):
        rows = _rows(node)
        if ranges and rows.start < ranges[-1].stop:  # two statements share a line
            before = ranges.pop()
            rows = range(before.start, max(before.stop, rows.stop))
        ranges.append(rows)
    if any(rows.stop > len(lines) for rows in ranges):
        return ""
    return "\n".join(textwrap.dedent("\n".join(lines[r.start : r.stop])) for r in ranges)


def _position(change: tuple[ast.expr, str]) -> tuple[int, int]:
    return change[0].lineno, change[0].col_offset


def _rows(node: ast.stmt) -> range:
    last = (node.end_lineno or node.lineno) if isinstance(node, _SIMPLE) else node.lineno
    return range(node.lineno - 1, last)


def is_on_its_rows(use: ast.expr, node: ast.stmt) -> bool:
    """Whether an expression stands on the lines that are shown of a statement."""
    return use.lineno - 1 in _rows(node)


def _changed(lines: list[str], node: ast.expr, text: str) -> str | None:
    """A line with another expression in it; None where the old one does not stand there."""
    if node.lineno != node.end_lineno or node.lineno > len(lines):
        return None
    raw = lines[node.lineno - 1].encode()  # columns of syntax count bytes
    start, end = node.col_offset, node.end_col_offset or node.col_offset
    try:
        old = ast.unparse(ast.parse(raw[start:end].decode(), mode="eval"))
    except (SyntaxError, UnicodeDecodeError, ValueError):
        return None
    if old != ast.unparse(node):
        return None
    return (raw[:start] + text.encode() + raw[end:]).decode()
