"""Which streams a module class draws from, as far as its source shows, and which name was meant."""

from __future__ import annotations

import ast
import difflib

from keystream._lint.values import Class, Function, Value, Wrapped


def streams_drawn(target: Value, depth: int = 0) -> set[str] | None:
    """The streams that a Linen class draws from, also through classes that it names; None if unknown."""
    while isinstance(target, Wrapped):
        target = target.function
    if isinstance(target, Function):
        return _of(target.node, target.scope, depth)
    if not isinstance(target, Class):
        return None
    return _of(target.node, target.scope, depth)


def _of(node: ast.AST, scope: object, depth: int) -> set[str]:
    found: set[str] = set()
    for part in ast.walk(node):
        if not isinstance(part, ast.Call):
            continue
        name = (
            part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
        )
        if name == "Dropout":
            found.add("dropout")
        elif name == "make_rng" and part.args and isinstance(part.args[0], ast.Constant):
            found.add(str(part.args[0].value))
        elif isinstance(part.func, ast.Name) and depth < 4:
            inner = scope.find(name) if hasattr(scope, "find") else None  # pyright: ignore
            if isinstance(inner, Class) and inner.node is not node:
                found |= streams_drawn(inner, depth + 1) or set()
    return found


def nearest(stream: str, given: list[str]) -> str:
    """The given name that was likely meant to be `stream`, or nothing."""
    others = [name for name in given if name not in ("params", "default")]
    found = difflib.get_close_matches(stream.lower(), [name.lower() for name in others], 1, 0.75)
    return next((name for name in others if found and name.lower() == found[0]), "")
