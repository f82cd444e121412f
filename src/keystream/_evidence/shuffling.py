"""Several arrays shuffled alike, so that their rows stay together."""

from __future__ import annotations

import ast

from keystream._evidence.names import names_bound, names_read, overlap
from keystream._evidence.source import Loop, Scope, called

_PERMUTED = frozenset({"permutation", "shuffle"})
_REPLACE = 3  # the position of choice(key, a, shape, replace)


def shuffled(call: ast.AST | None) -> str:
    """The array whose rows a call shuffles, or takes without replacement, as the source spells it.

    Empty for a number, of which a permutation is an index, and for a choice with replacement: two such
    choices are picks from two lists, as of a colour and of a form, which one key makes dependent.
    """
    if not isinstance(call, ast.Call) or len(call.args) < 2 or not keeps_rows(call):
        return ""
    array = call.args[1]
    named = isinstance(array, (ast.Name, ast.Attribute, ast.Subscript))
    return ast.unparse(array) if named else ""


def keeps_rows(call: ast.AST | None) -> bool:
    """Whether a call permutes rows, or takes them without replacement."""
    if not isinstance(call, ast.Call):
        return False
    name = called(call.func)
    if name != "choice":
        return name in _PERMUTED
    given = next((each.value for each in call.keywords if each.arg == "replace"), None)
    if given is None and len(call.args) > _REPLACE:
        given = call.args[_REPLACE]
    return isinstance(given, ast.Constant) and given.value is False


def shuffles_each(
    loop: Loop, call: ast.AST | None, scope: Scope | None = None, *, keyed: bool = True
) -> bool:
    """Whether a call in a loop shuffles each of several arrays that stand beside each other.

    Args:
        loop: around the call.
        call: the shuffle.
        scope: the function that both stand in.
        keyed: whether the first argument is a key, and the array the second.
    """
    if isinstance(loop, ast.While) or not isinstance(call, ast.Call) or len(call.args) <= keyed:
        return False
    beside = isinstance(loop, ast.comprehension) or (
        isinstance(loop.iter, (ast.Tuple, ast.List))
        or _is_of_mapping(loop.iter)
        or _are_arguments(loop.iter, scope)
    )
    if not beside or not keeps_rows(call):
        return False
    each = set(names_bound(loop.target))
    key, array = call.args[:keyed], call.args[keyed]
    return overlap(names_read(array), each) and not any(overlap(names_read(k), each) for k in key)


def differ(first: ast.AST | None, second: ast.AST | None) -> bool:
    """Whether two calls shuffle two arrays."""
    arrays = [shuffled(first), shuffled(second)]
    return "" not in arrays and arrays[0] != arrays[1]


def _are_arguments(node: ast.AST, scope: Scope | None) -> bool:
    """Whether a name stands for all that a function is given: ``arrays`` of ``def shuffle(*arrays)``."""
    given = (
        scope.args.vararg if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)) else None
    )
    return given is not None and isinstance(node, ast.Name) and node.id == given.arg


def _is_of_mapping(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and called(node.func) in ("items", "values")
