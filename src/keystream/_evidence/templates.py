"""Results that are read for their form alone: what is restored takes their place.

``params = model.init(key, x)``, and then ``params = from_bytes(params, data)``: the weights that the key
drew are no part of the program. The same holds for what Linen's `init` makes beside the weights: an
empty cache, statistics of batches.
"""

from __future__ import annotations

import ast

from keystream._evidence.names import dotted, overlap
from keystream._evidence.source import called

# Functions that fill a form with what was saved, by the place of the form and its name: Flax's, Orbax's
# and Equinox's.
_FILL = {
    "from_bytes": (0, "target"),
    "from_state_dict": (0, "target"),
    "restore_checkpoint": (1, "target"),
    "tree_deserialise_leaves": (1, "like"),
    "StandardRestore": (0, "item"),
    "PyTreeRestore": (0, "item"),
}
_NOT_DRAWN = frozenset({"cache", "batch_stats"})  # collections that begin at zero or one


def reads_form(node: ast.stmt, names: frozenset[str], made_by: ast.AST) -> bool:
    """Whether a statement reads some names for the form of what they hold, and not for its numbers.

    Args:
        node: the statement.
        names: that an earlier one binds.
        made_by: the expression that it binds them to.
    """
    initial = isinstance(made_by, ast.Call) and called(made_by.func) == "init"
    parts = list(ast.walk(node))
    forms = {id(part) for each in parts for part in _forms(each, initial=initial)}
    if not forms:
        return False  # of most statements, without a look at the names
    reads = [
        part
        for part in parts
        if isinstance(part, (ast.Name, ast.Attribute))
        and isinstance(part.ctx, ast.Load)
        and overlap(frozenset({dotted(part)}), names)
    ]
    return bool(reads) and all(id(part) in forms for part in reads)


def _forms(node: ast.AST, *, initial: bool) -> list[ast.AST]:
    """What an expression takes the form of, with all that it is written with."""
    match node:
        case ast.Call():
            at, name = _FILL.get(called(node.func), (-1, ""))
            given = [each.value for each in node.keywords if each.arg == name and name]
            given += node.args[at : at + 1] if at >= 0 else []
            return [part for each in given if dotted(each) for part in ast.walk(each)]
        case ast.Subscript(value=value, slice=ast.Constant(value=str(collection))) if initial:
            return list(ast.walk(value)) if collection in _NOT_DRAWN else []
        case _:
            return []
