"""Which streams a module class draws from, as far as its source shows, and which name was meant."""

from __future__ import annotations

import ast
import difflib

from keystream._findings import Location
from keystream._lint.symbols import Value
from keystream._lint.values import Class, Function, Wrapped
from keystream._lint.walking import walk


def streams_drawn(target: Value, depth: int = 0) -> dict[str, Location] | None:
    """The streams that a Linen class draws from, also through classes that it names; None if unknown.

    Returns:
        Where it draws, by stream.
    """
    while isinstance(target, Wrapped):
        target = target.function
    return _of(target, depth) if isinstance(target, Function | Class) else None


def _of(target: Function | Class, depth: int) -> dict[str, Location]:
    found: dict[str, Location] = {}
    for part in walk(target.node):
        if not isinstance(part, ast.Call):
            continue
        place = Location(target.scope.unit.path, part.lineno, part.col_offset + 1, target.name)
        name = (
            part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
        )
        if name == "Dropout":
            found.setdefault(_collection(part), place)
        elif name == "make_rng" and part.args and isinstance(part.args[0], ast.Constant):
            found.setdefault(str(part.args[0].value), place)
        elif isinstance(part.func, ast.Name) and depth < 4:
            inner = target.scope.find(name)
            if isinstance(inner, Class) and inner.node is not target.node:
                found = (streams_drawn(inner, depth + 1) or {}) | found
    return found


def _collection(dropout: ast.Call) -> str:
    """The stream that a Dropout draws from."""
    given = [option.value for option in dropout.keywords if option.arg == "rng_collection"]
    named = given[0].value if given and isinstance(given[0], ast.Constant) else "dropout"
    return str(named)


def nearest(stream: str, given: list[str]) -> str:
    """The given name that was likely meant to be `stream`, or nothing."""
    others = [name for name in given if name not in ("params", "default")]
    found = difflib.get_close_matches(stream.lower(), [name.lower() for name in others], 1, 0.75)
    return next((name for name in others if found and name.lower() == found[0]), "")
