"""Trees with paths: a leaf by its whole path, or by a part of it, which other leaves share."""

from __future__ import annotations

from keystream._lint.calls import Calls
from keystream._lint.registry import Call, handles, handles_method
from keystream._lint.values import Made, Reference, Sequence, Symbol, Value


@handles("jax.tree_util.tree_map_with_path", "jax.tree.map_with_path")
def _map_with_path(reader: Calls, call: Call) -> Value | None:
    if len(call.args) < 2 or isinstance(call.args[0], Reference):
        return None
    function, *trees = call.args

    def body(number: int) -> Value:
        leaves = [_leaf(reader, tree, number) for tree in trees]
        return reader.call(function, [_path(reader, trees[0], number), *leaves], {}, call.node)

    return reader.fresh("tree", reader.iterations(call.node, "tree_map", body))


def _leaf(reader: Calls, tree: Value, number: int) -> Symbol:
    if isinstance(tree, Symbol):
        return reader.table.symbol("leaf", tree, number)
    return reader.fresh("leaf", tree)


def _path(reader: Calls, tree: Value, number: int) -> Symbol:
    symbol = tree if isinstance(tree, Symbol) else reader.fresh("tree", tree)
    return reader.table.symbol("path", symbol, number)


@handles("jax.tree_util.tree_leaves_with_path", "jax.tree.leaves_with_path")
def _leaves(reader: Calls, call: Call) -> Value | None:
    tree = call.argument(0, "tree")
    if tree is None:
        return None
    rows: list[Value] = [
        Sequence([_path(reader, tree, number), _leaf(reader, tree, number)]) for number in (1, 2)
    ]
    return Made("generated", rows, {}, call.node, reader.fresh("leaves"))


@handles("jax.tree_util.tree_flatten_with_path", "jax.tree.flatten_with_path")
def _flatten(reader: Calls, call: Call) -> Value | None:
    leaves = _leaves(reader, call)
    return None if leaves is None else Sequence([leaves, reader.fresh("structure")])


@handles("flax.traverse_util.flatten_dict")
def _flat(reader: Calls, call: Call) -> Value | None:
    tree = call.argument(0, "xs")
    if tree is None or "sep" in call.keywords:
        return None
    return Made("flat", [tree], {}, call.node, reader.fresh("flat"))


@handles_method("items")
def _items(reader: Calls, call: Call) -> Value | None:
    if isinstance(call.owner, Made) and call.owner.name == "flat":
        return _leaves(reader, Call(call.name, call.owner.args, {}, call.node))
    return None


@handles_method("encode", "hexdigest", "digest", "lower", "strip")
def _text(reader: Calls, call: Call) -> Value | None:
    """What depends on the text alone."""
    if isinstance(call.owner, Symbol) and call.owner.op != "const" and not call.args:
        return reader.table.symbol("method", call.owner, call.name)
    return None


def is_part_of_path(datum: object) -> bool:
    """Whether a number is made of a part of a leaf's path, and of nothing else of the leaf."""
    found = set(_path_uses(datum))
    return found == {"part"}


def _path_uses(value: object) -> list[str]:
    if not isinstance(value, Symbol):
        return []
    if value.op in ("index", "slice") and getattr(value.args[0], "op", "") == "path":
        return ["part" if value.op == "index" else "whole"]
    if value.op in ("path", "leaf", "opaque", "elem"):
        return ["whole"]
    return [use for part in value.args for use in _path_uses(part)]
