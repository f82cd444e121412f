"""Trees with paths: a leaf by its whole path, or by a part of it, which other leaves share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call
from keystream._lint.symbols import (
    CalledMethod,
    Constant,
    Element,
    Item,
    Leaf,
    Opaque,
    Path,
    Slice,
    Symbol,
    Value,
)
from keystream._lint.values import Made, Reference, Sequence

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


def map_with_path(reader: Reader, call: Call) -> Value | None:
    """``tree_map_with_path(function, *trees)``."""
    if len(call.args) < 2 or isinstance(call.args[0], Reference):
        return None
    function, *trees = call.args

    def body(number: int) -> Value:
        leaves = [leaf(reader, tree, number) for tree in trees]
        return reader.calls.call(
            function, [_path(reader, trees[0], number), *leaves], {}, call.node
        )

    return reader.fresh("tree", reader.calls.iterations(call.node, "tree_map", body))


def leaf(reader: Reader, tree: Value, number: int) -> Symbol:
    """A leaf of a tree."""
    if isinstance(tree, Symbol):
        return reader.table.symbol(Leaf, tree, number)
    return reader.fresh("leaf", tree)


def _path(reader: Reader, tree: Value, number: int) -> Symbol:
    symbol = tree if isinstance(tree, Symbol) else reader.fresh("tree", tree)
    return reader.table.symbol(Path, symbol, number)


def leaves_with_path(reader: Reader, call: Call) -> Value | None:
    """``tree_leaves_with_path(tree)``: pairs of a path and a leaf."""
    tree = call.argument(0, "tree")
    return None if tree is None else _pairs(reader, call, tree)


def _pairs(reader: Reader, call: Call, tree: Value) -> Made:
    rows: list[Value] = [
        Sequence([_path(reader, tree, number), leaf(reader, tree, number)]) for number in (1, 2)
    ]
    return Made("generated", rows, {}, call.node, reader.fresh("leaves"))


def flatten_with_path(reader: Reader, call: Call) -> Value | None:
    """``tree_flatten_with_path(tree)``: the pairs, and the structure."""
    pairs = leaves_with_path(reader, call)
    return None if pairs is None else Sequence([pairs, reader.fresh("structure")])


def flatten_dict(reader: Reader, call: Call) -> Value | None:
    """``flax.traverse_util.flatten_dict(tree)``: a dictionary by path."""
    tree = call.argument(0, "xs")
    if tree is None or "sep" in call.keywords:
        return None
    return call.made(reader, "flat", [tree], {})


def items_of_flat(reader: Reader, call: Call) -> Value:
    """``flatten_dict(tree).items()``."""
    assert isinstance(call.owner, Made)
    return _pairs(reader, call, call.owner.args[0])


def text_method(reader: Reader, call: Call) -> Value | None:
    """``path.encode()``, ``digest()``: what depends on the text alone."""
    if isinstance(call.owner, Symbol) and not isinstance(call.owner, Constant) and not call.args:
        return reader.table.symbol(CalledMethod, call.owner, call.name)
    return None


def is_part_of_path(datum: object) -> bool:
    """Whether a number is made of a part of a leaf's path, and of nothing else of the leaf."""
    return set(_path_uses(datum)) == {"part"}


def _path_uses(value: object) -> list[str]:
    if not isinstance(value, Symbol):
        return []
    if isinstance(value, Item | Slice) and isinstance(value.owner, Path):
        return ["part" if isinstance(value, Item) else "whole"]
    if isinstance(value, Path | Leaf | Opaque | Element):
        return ["whole"]
    return [use for part in value.args for use in _path_uses(part)]
