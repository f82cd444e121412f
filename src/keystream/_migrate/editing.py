"""Edits of the text by node, so that comments and layout stay."""

from __future__ import annotations

import ast

from keystream._lint.repairs import Edit
from keystream._migrate.module import Function, Loop, Module, Refused

_Placed = ast.expr | ast.stmt | ast.arg | ast.keyword


def over(node: _Placed, new: str) -> Edit:
    """Other text in place of a node's."""
    return Edit(_start(node), _end(node), new)


def without_part(module: Module, whole: ast.AST, part: ast.expr | ast.keyword) -> list[Edit]:
    """A tuple or call without one of its parts; of a pair the other part alone."""
    parts: list[ast.expr | ast.keyword] = (
        [*whole.elts] if isinstance(whole, ast.Tuple) else _arguments(whole)
    )
    place = parts.index(part)
    rest = [one for one in parts if one is not part]
    if isinstance(whole, ast.Tuple) and len(rest) == 1 and not isinstance(rest[0], ast.Starred):
        return [Edit(_start(whole), _start(rest[0]), ""), Edit(_end(rest[0]), _end(whole), "")]
    if place:
        return [Edit(_comma(module, parts[place - 1]), _end(part), "")]
    return [Edit(_start(part), _start(parts[1]) if len(parts) > 1 else _end(part), "")]


def _arguments(call: ast.AST) -> list[ast.expr | ast.keyword]:
    assert isinstance(call, ast.Call)
    return [*call.args, *call.keywords]


def _comma(module: Module, node: ast.expr | ast.keyword) -> tuple[int, int]:
    """The place of the comma after a node, behind the brackets that it may stand in."""
    line, column = _end(node)
    while "," not in (text := module.lines[line - 1].encode()[column:].decode()):
        line, column = line + 1, 0
    return line, column + len(text.partition(",")[0].encode())


def _start(node: _Placed) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: _Placed) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or 0


def rows(module: Module, statement: ast.stmt, new: list[str]) -> Edit:
    """Other statements in place of one, each on a line of its own where it has one."""
    if not new:
        return _without(module, statement)
    indent = _indent(module, statement)
    return over(statement, "; ".join(new) if indent is None else f"\n{indent}".join(new))


def before(module: Module, statement: ast.stmt, *new: str) -> Edit:
    """Statements more, before one."""
    start = (_line(statement), statement.col_offset)
    indent = _indent(module, statement)
    if indent is None:
        raise Refused(statement, "its statement shares a line with another one")
    return Edit(start, start, "".join(f"{row}\n{indent}" for row in new))


def after(module: Module, statement: ast.stmt, row: str) -> Edit:
    """A statement more, after one."""
    line = statement.end_lineno or statement.lineno
    end = (line, len(module.lines[line - 1].encode()))
    if _indent(module, statement) is None:
        raise Refused(statement, "its statement shares a line with another one")
    return Edit(end, end, f"\n{' ' * statement.col_offset}{row}")


def first(module: Module, block: Function | Loop, *new: str) -> Edit:
    """Statements more at the beginning of a body, below its docstring."""
    body = block.body
    text = body[0]
    is_docstring = (
        isinstance(block, Function)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    )
    indent = " " * text.col_offset
    if is_docstring:
        return after(module, text, f"\n{indent}".join(new))
    if _indent(module, text) is None:
        raise Refused(text, "the body of its loop or function shares a line with the head")
    line = _line(text)
    while module.lines[line - 2].lstrip().startswith("#"):  # a comment stays with what it is about
        line -= 1
    return Edit((line, 0), (line, 0), "".join(f"{indent}{row}\n" for row in new))


def _indent(module: Module, statement: ast.stmt) -> str | None:
    """The indentation of a statement; None where other code stands before it on its line."""
    head = module.lines[_line(statement) - 1].encode()[: statement.col_offset].decode()
    return None if head.strip() else head


def _without(module: Module, statement: ast.stmt) -> Edit:
    """A statement less, with its line where it has one and is not its block's last."""
    parent = module.parents[statement]
    bodies = [getattr(parent, part, None) for part in ("body", "orelse", "finalbody")]
    alone = any(isinstance(body, list) and body == [statement] for body in bodies)
    line = statement.end_lineno or statement.lineno
    tail = module.lines[line - 1].encode()[statement.end_col_offset or 0 :].decode()
    if alone or tail.strip() or _indent(module, statement) is None:
        return over(statement, "pass")
    return Edit((statement.lineno, 0), (line + 1, 0), "")


def _line(statement: ast.stmt) -> int:
    """The first line of a statement, its decorators among it."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return min([statement.lineno, *(one.lineno for one in statement.decorator_list)])
    return statement.lineno
