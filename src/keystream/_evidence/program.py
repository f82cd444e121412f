"""The files of a program, as far as imports tell: those on the way to a draw, and what they import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from keystream._evidence.source import source_of

_FILES = 60  # that are looked through
_OUTWARDS = 3  # folders around a file in which what it imports may stand


def program_of(*paths: str) -> Iterator[ast.Module]:
    """Some files as syntax, and after them the files that they import, beside them or around them."""
    left, seen = list(reversed(paths)), set[str]()
    while left and len(seen) < _FILES:
        path = left.pop()
        source = source_of(path) if path not in seen else None
        seen.add(path)
        if source is not None:
            yield source.tree
            left[:0] = _imported(source.tree, path)


@lru_cache(maxsize=256)
def _imported(tree: ast.Module, path: str) -> tuple[str, ...]:
    names = (name.replace(".", "/") for node in ast.walk(tree) for name in _modules(node))
    folders = Path(path).absolute().parents[:_OUTWARDS]
    found = (
        candidate
        for name in dict.fromkeys(names)
        for folder in folders
        for candidate in (folder / f"{name}.py", folder / name / "__init__.py")
    )
    return tuple(str(each) for each in found if each.is_file())


def _modules(node: ast.AST) -> Iterator[str]:
    """The modules that a statement imports, or that what it imports may be."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = f"{node.module}." if node.module else ""
        yield from (f"{base}{alias.name}" for alias in node.names)
        yield node.module or "."
