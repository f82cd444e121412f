"""Where a program takes derivatives, as far as the text of its files goes."""

from __future__ import annotations

import ast
from functools import lru_cache

from keystream._evidence.source import called, scope_of, source_of, spans, statement
from keystream._findings import Location

_DERIVATIVES = frozenset({"vjp", "jvp", "linearize", "jacrev", "jacfwd", "jacobian", "hessian"})


def differentiated(place: Location) -> bool:
    """Whether a file differentiates the function around a place, as far as its text goes."""
    source, node = source_of(place.path), statement(place)
    if source is None or node is None:
        return False
    written = (each for each in ast.walk(node) if isinstance(each, ast.Lambda))
    around = [*source.around(node), *(each for each in written if spans(each.body, place))]
    return any(each in _differentiated(source.tree) for each in around)


def takes_gradients(place: Location) -> bool:
    """Whether the function around a place, or one of its file that it calls, takes a gradient."""
    source, scope = source_of(place.path), scope_of(place)
    return source is not None and scope is not None and scope in _taking(source.tree)


def trains_at(place: Location) -> bool:
    """Whether the statement at a place, with what it repeats, calls what takes a gradient."""
    source, node = source_of(place.path), statement(place)
    if source is None or node is None:
        return False
    names = {getattr(each, "name", "") for each in _taking(source.tree)}
    return any(isinstance(each, ast.Call) and called(each.func) in names for each in ast.walk(node))


@lru_cache(maxsize=64)
def _taking(tree: ast.Module) -> frozenset[ast.AST]:
    """The functions of a file that take gradients, and those that call them by name."""
    functions = [
        n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    calls = {
        each: {called(part.func) for part in ast.walk(each) if isinstance(part, ast.Call)}
        for each in functions
    }
    names = {
        n for each in functions for n in calls[each] if n in _DERIVATIVES or n.endswith("grad")
    }
    found: set[ast.AST] = set()
    while new := [each for each in functions if each not in found and calls[each] & names]:
        found.update(new)
        names |= {each.name for each in new}
    return frozenset(found)


@lru_cache(maxsize=64)
def _differentiated(tree: ast.Module) -> frozenset[ast.AST]:
    """The functions of a file that are handed to a derivative, and those that these call by name."""
    functions: dict[str, list[ast.AST]] = {}
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions.setdefault(node.name, []).append(node)
            if any(_is_derivative(part) for each in node.decorator_list for part in ast.walk(each)):
                found.add(node)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_derivative(node.func):
            found |= _functions_in(node.args[:1], functions)
    reached = list(found)
    while reached:
        new = _functions_in([reached.pop()], functions) - found
        found |= new
        reached += new
    return frozenset(found)


def _is_derivative(node: ast.AST) -> bool:
    name = called(node)
    return name in _DERIVATIVES or name.endswith("grad")


def _functions_in(
    nodes: list[ast.expr] | list[ast.AST], functions: dict[str, list[ast.AST]]
) -> set[ast.AST]:
    """The functions that some code writes out, or names."""
    found: set[ast.AST] = set()
    for each in (part for node in nodes for part in ast.walk(node)):
        if isinstance(each, ast.Lambda):
            found.add(each)
        elif isinstance(each, (ast.Name, ast.Attribute)):
            found.update(functions.get(called(each), ()))
    return found


@lru_cache(maxsize=256)
def takes_any(tree: ast.Module) -> bool:
    """Whether a file calls, or names as a decorator, anything that takes a derivative."""
    return any(
        isinstance(each, (ast.Name, ast.Attribute)) and _is_derivative(each)
        for each in ast.walk(tree)
    )
