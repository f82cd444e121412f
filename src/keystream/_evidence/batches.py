"""Which parameters of a function a ``vmap`` runs over, as the source of the program says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from keystream._evidence.source import SourceFile, called, scope_of, source_of, spans
from keystream._evidence.uses import Stack
from keystream._findings import Location

_TRANSFORMS = ("vmap", "filter_vmap")


def batched_names(stack: Stack) -> tuple[Location, list[str]] | None:
    """The parameters over which the innermost ``vmap`` on the way to a draw runs, and its place."""
    return next(batches_of(stack), None)


def batches_of(stack: Stack) -> Iterator[tuple[Location, list[str]]]:
    """Each ``vmap`` on the way to a draw, innermost first: its place, and what it runs over."""
    for place in stack:
        source = source_of(place.path)
        for call in _batches(source) if source is not None else ():
            names = _batched(call, place)
            if names:
                yield Location(place.path, call.lineno, call.col_offset + 1), names


@lru_cache(maxsize=256)
def _batches(source: SourceFile) -> tuple[ast.Call, ...]:
    return tuple(
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and node.args and called(node.func) in _TRANSFORMS
    )


def _batched(call: ast.Call, place: Location) -> list[str]:
    """The parameters over which a ``vmap`` runs the function that a frame is in; empty for another."""
    function, scope = call.args[0], scope_of(place)
    name = place.function.rsplit(".", 1)[-1]
    if isinstance(function, ast.Lambda):
        if name != "<lambda>" or not spans(function, Location(place.path, place.line)):
            return []
        arguments = function.args
    elif isinstance(scope, ast.FunctionDef) and called(function) == name == scope.name:
        arguments = scope.args
    else:
        return []
    names = [argument.arg for argument in arguments.args if argument.arg not in ("self", "cls")]
    axes = next((option.value for option in call.keywords if option.arg == "in_axes"), None)
    if axes is None and len(call.args) > 1:
        axes = call.args[1]
    if isinstance(axes, (ast.Tuple, ast.List)):
        whole = [isinstance(axis, ast.Constant) and axis.value is None for axis in axes.elts]
        names = [name for name, shared in zip(names, whole, strict=False) if not shared]
    return names
