"""Which names a piece of source reads and binds. Names are compared as text."""

from __future__ import annotations

import ast

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
