"""Records that are replaced: what is not named stays, a key too."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call
from keystream._lint.symbols import Constant, Replaced, Symbol, Value
from keystream._lint.values import Function, Instance
from keystream._lint.walking import walk

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_STEPPED = ("params", "opt_state", "step", "batch_stats")  # what apply_gradients makes anew


def replace(reader: Reader, call: Call) -> Value | None:
    """``record.replace(field=...)``."""
    if call.args or not call.keywords or "**" in call.keywords:
        return None  # of text, or with fields that are not seen
    return _replaced(reader, call.owner, call.keywords)


def apply_gradients(reader: Reader, call: Call) -> Value | None:
    """``state.apply_gradients(grads=...)``."""
    if "**" in call.keywords:
        return None
    given = {name: value for name, value in call.keywords.items() if name != "grads"}
    made: dict[str, Value] = {name: reader.fresh(name) for name in _STEPPED}
    return _replaced(reader, call.owner, made | given)


def replace_fields(reader: Reader, call: Call) -> Value | None:
    """``dataclasses.replace(record, field=...)``."""
    if len(call.args) != 1 or "**" in call.keywords:
        return None
    return _replaced(reader, call.args[0], call.keywords)


def tree_at(reader: Reader, call: Call) -> Value | None:
    """``eqx.tree_at(lambda tree: tree.field, tree, value)``."""
    where, tree = call.argument(0, "where"), call.argument(1, "pytree")
    if not (isinstance(where, Function) and isinstance(where.node, ast.Lambda)):
        return None
    names = list(_top_attributes(where.node))
    if not all(names):
        return None
    new = call.argument(2, "replace")
    if len(names) == 1 and new is not None and _is_whole(where.node.body):
        return _replaced(reader, tree, {names[0]: new})
    return _replaced(reader, tree, {name: reader.fresh(name) for name in names})


def _top_attributes(where: ast.Lambda) -> Iterable[str]:
    """Of each place that a `where` names the attribute of the tree itself; empty where there is none."""
    for place in where.body.elts if isinstance(where.body, ast.Tuple | ast.List) else [where.body]:
        chain = [part for part in walk(place) if isinstance(part, ast.Attribute)]
        yield next((part.attr for part in chain if isinstance(part.value, ast.Name)), "")


def _is_whole(body: ast.expr) -> bool:
    return isinstance(body, ast.Attribute) and isinstance(body.value, ast.Name)


def _replaced(reader: Reader, owner: Value | None, fields: dict[str, Value]) -> Value | None:
    """A copy of a record with other values in some fields."""
    if isinstance(owner, Instance):
        copy = Instance(owner.cls, reader.table.fresh("object"), owner.known, owner.switched)
        for name in reader.objects.all_fields(owner.cls):
            reader.store(copy, name, reader.objects.instance_attribute(owner, name, owner.cls.node))
        reader.kept.append(copy)
    elif isinstance(owner, Symbol) and not isinstance(owner, Constant):
        copy = reader.table.symbol(Replaced, owner, reader.fresh("replaced"))
    else:
        return None
    for name, value in fields.items():
        reader.store(copy, name, value)
    return copy
