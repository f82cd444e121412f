"""A syntax tree gone through, as often as lint needs to, in half the time of ``ast.walk``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Made = TypeVar("Made")

# How a name is meant and which operator stands between operands is asked of the node that holds it;
# the others hold no nodes.
_BARE = frozenset(
    ("ctx", "op", "ops", "id", "attr", "kind", "level", "asname", "type_comment", "type_ignores")
)
CHILDREN: dict[type[ast.AST], tuple[str, ...]] = {
    kind: tuple(name for name in kind._fields if name not in _BARE)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


def walk(node: ast.AST) -> list[ast.AST]:
    """A node and all nodes below it, breadth first, but for contexts and operators."""
    found = [node]
    for each in found:  # it grows while it is read
        found.extend(children(each))
    return found


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below a node, with the same left out."""
    found: list[ast.AST] = []
    for name in CHILDREN[type(node)]:
        part = getattr(node, name, None)
        if type(part) is list:
            found.extend([one for one in part if isinstance(one, ast.AST)])
        elif isinstance(part, ast.AST):
            found.append(part)
    return found


def kept(make: Callable[[Any], Made]) -> Callable[[Any], Made]:
    """A function of a node whose value is kept with the node, for as long as the tree lives."""
    name = f"_{make.__module__}.{make.__name__}"

    @wraps(make)
    def look(node: Any) -> Made:
        found = node.__dict__.get(name, _NOTHING)
        if found is _NOTHING:
            found = node.__dict__[name] = make(node)
        return found

    return look


_NOTHING: Any = object()
