"""What is worth reading: what may touch keys itself, or calls what does, in any file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from keystream._lint.project import INTERESTING, dotted_name, mark_relevant
from keystream._lint.scope import Unit, absolute
from keystream._lint.symbols import Value
from keystream._lint.values import Class, Function, Made, Partial, Wrapped
from keystream._lint.walking import walk

if TYPE_CHECKING:
    from keystream._lint.project import Project

_WORDS = (
    "jax",
    "flax",
    "keras",
    "numpyro",
    "haiku",
    "equinox",
    "keystream",
    "optax",
    "random",
    "rng",
    "key",
)
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import|import[ \t]+()([\w.]+))", re.MULTILINE
)


def concerns_keys(text: str, path: Path, project: Project) -> bool:
    """Whether a source may have to do with keys at all: by its words, or by those of what it imports.

    Args:
        text: the source.
        path: where it stands.
        project: in which the modules are looked for that it imports.
    """
    if any(word in text for word in _WORDS):
        return True
    name, _ = dotted_name(path.absolute())
    is_package = path.stem == "__init__"
    for match in _IMPORT.finditer(text):
        dots, module = match[1] or match[3] or "", match[2] or match[4] or ""
        found = project.path_of(absolute(name, len(dots), module, is_package=is_package))
        if found is not None and _file_concerns_keys(found, project):
            return True
    return False


def _file_concerns_keys(path: str, project: Project) -> bool:
    known = project.concerned.get(path)
    if known is None:
        project.concerned[path] = False  # as long as it is looked at: files may import each other
        try:
            text = Path(path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False
        known = project.concerned[path] = concerns_keys(text, Path(path), project)
    return known


def prepare(unit: Unit, project: Project) -> None:
    """Mark in the tree of a file what is worth reading.

    Args:
        unit: the file.
        project: in which the modules are looked for that it imports.
    """
    words = {*INTERESTING, *_of_libraries(unit.tree)}
    if not _imports_jax(unit.tree):
        words.update(_of_project(unit, project))
    mark_relevant(unit.tree, words)


def _of_libraries(tree: ast.Module) -> Iterator[str]:
    """The names of what a file imports of the libraries of keys, or relatively."""
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and (
            statement.level
            or (statement.module or "").startswith(("jax.random", "flax", "equinox", "keystream"))
        ):
            for alias in statement.names:
                if not alias.name[0].isupper():
                    yield alias.asname or alias.name
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.asname and "random" in alias.name:
                    yield alias.asname


def _of_project(unit: Unit, project: Project) -> Iterator[str]:
    """The names by which a file reaches what other files of the project do with keys.

    Names of methods say little, and most files speak of keys themselves. A script that only builds a
    trainer and calls it has nothing else.
    """
    for node in walk(unit.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _telling(project.module_value(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = absolute(unit.name, node.level, node.module or "", is_package=unit.is_package)
            for alias in node.names:
                member = f"{base}.{alias.name}"
                found = project.module_member(member) if alias.name != "*" else None
                words = set(_telling(found))
                yield from words
                if words and alias.asname:
                    yield alias.asname


def _imports_jax(tree: ast.Module) -> bool:
    for node in walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        if any(name.partition(".")[0] in _WORDS for name in names):
            return True
    return False


def _telling(value: Value | None) -> Iterator[str]:
    """The names of functions, classes and methods of what is imported that are worth reading."""
    match value:
        case Function(node=node, name=name) if getattr(node, "_relevant", False):
            yield name.rpartition(".")[2]
        case Wrapped(function=function) | Partial(function=function):
            yield from _telling(function)
        case Class(node=node, attributes=attributes):
            own = [word for each in attributes.values() for word in _telling(each)]
            if own or getattr(node, "_relevant", False):
                yield node.name
            yield from (word for word in own if not word.startswith("__"))
        case Made(name="module", place=place):
            for each in getattr(place, "names", {}).values():
                if not (isinstance(each, Made) and each.name == "module"):
                    yield from _telling(each)
        case _:
            pass
