"""Containers: displays, their elements and slices, and what is one of several."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from keystream._lint.counting import neighbour
from keystream._lint.iteration import MAX_UNROLLED
from keystream._lint.symbols import (
    Child,
    Element,
    Item,
    Join,
    Repeated,
    Slice,
    Stack,
    Symbol,
    Value,
    are_symbols,
)
from keystream._lint.unknown_models import check_streams, is_one_key
from keystream._lint.values import (
    Class,
    Function,
    Instance,
    Made,
    Mapping,
    Reference,
    Sequence,
    constant_of,
    is_constant,
)

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_NOTHING = object()


class Containers:
    """Makes and takes apart sequences and mappings."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def element(self, owner: Value, index: Value) -> Value:
        """``owner[index]``."""
        plain = constant_of(index, _NOTHING)
        if isinstance(owner, Mapping):
            if plain is not _NOTHING and _hashable(plain) and plain in owner.items:
                return owner.items[plain]
            return self.reader.fresh("value", *owner.items.values())
        if isinstance(owner, Sequence):
            if (
                isinstance(plain, int)
                and -len(owner.items) <= plain < len(owner.items)
                and (owner.rest is None or plain >= 0)
            ):
                return owner.items[plain]
            if plain is _NOTHING and owner.rest is not None and _are_objects(owner.items):
                turn = index.turn if isinstance(index, Element) else 1
                return owner.items[min(turn, len(owner.items)) - 1]  # any, another in each turn
            if isinstance(index, Symbol) and plain is _NOTHING:
                return self.reader.table.symbol(Item, owner, index)
            return self.reader.fresh("element", *owner.items)
        if isinstance(owner, Symbol):
            if isinstance(owner, Repeated):
                return owner.value
            if not isinstance(index, Symbol):
                return self.reader.fresh("element", owner)
            if isinstance(owner, Stack):
                return self.child(owner, index)
            return self.reader.table.symbol(Item, owner, index)
        if isinstance(owner, Reference | Class | Function):
            return owner  # a generic: Foo[int]
        return self.reader.fresh("element")

    def child(self, stack: Stack, index: Symbol) -> Symbol:
        """One key of those that `split` returned."""
        count = constant_of(stack.count)
        plain = constant_of(index)
        if isinstance(plain, int) and plain < 0 and isinstance(count, int):
            index = self.reader.table.constant(plain + count)
        return self.reader.table.symbol(Child, stack.key, neighbour(self.reader.table, index))

    def known_elements(self, value: Value) -> list[Value] | None:
        """The elements of a sequence or of the keys of a split, where all are known."""
        if isinstance(value, Sequence):
            return value.items if value.rest is None else None
        count = constant_of(value.count) if isinstance(value, Stack) else None
        if isinstance(value, Stack) and isinstance(count, int) and count <= MAX_UNROLLED * 4:
            return [self.child(value, self.reader.table.constant(i)) for i in range(count)]
        return None

    def sliced(self, owner: Value, node: ast.Slice) -> Value:
        """``owner[lower:upper]``."""
        if isinstance(owner, Repeated):
            return owner
        evaluate = self.reader.expressions.evaluate
        bounds = [evaluate(part) if part else None for part in (node.lower, node.upper, node.step)]
        plain = [constant_of(bound) for bound in bounds]
        given = [number for number, bound in zip(plain, bounds, strict=True) if bound is not None]
        known = all(isinstance(number, int) for number in given)
        elements = self.known_elements(owner) if known and plain[2] != 0 else None
        if elements is not None:
            return Sequence(elements[slice(*plain)])
        parts = [bound for bound in bounds if bound is not None]
        if isinstance(owner, Symbol) and are_symbols(parts):
            return self.reader.table.symbol(Slice, owner, tuple(bounds))
        return self.reader.fresh("slice", owner)

    def tuple_(self, node: ast.Tuple | ast.List) -> Value:
        """A tuple or list."""
        evaluate = self.reader.expressions.evaluate
        items: list[Value] = []
        for position, element in enumerate(node.elts):
            if not isinstance(element, ast.Starred):
                items.append(evaluate(element))
                continue
            inner = evaluate(element.value)
            known = self.known_elements(inner)
            if known is not None:
                items += known
                continue
            rest = self.reader.fresh("starred", inner)
            after = node.elts[position + 1 :]
            items += [rest if isinstance(e, ast.Starred) else evaluate(e) for e in after]
            return self.reader.fresh("list", rest, *items) if after else Sequence(items, rest)
        return Sequence(items)

    def set_(self, node: ast.Set) -> Value:
        """A set, whose order is that of its elements' hashes."""
        values = [self.reader.expressions.evaluate(element) for element in node.elts]
        return Made("set", values, {}, node, self.reader.fresh("set"), self.reader.site(node))

    def dictionary(self, node: ast.Dict) -> Value:
        """A dictionary display."""
        items: dict[Any, Value] = {}
        complete = True
        for name, value in zip(node.keys, node.values, strict=True):
            found = self.reader.expressions.evaluate(value)
            if name is None:
                if isinstance(found, Mapping):
                    items.update(found.items)
                    complete = complete and found.complete
                else:
                    complete = False
                continue
            plain = constant_of(self.reader.expressions.evaluate(name), _NOTHING)
            if plain is _NOTHING or not _hashable(plain):
                complete = False
            else:
                items[plain] = found
        made = Mapping(items, complete)
        check_streams(self.reader, made, node)
        return made

    def repeated(self, value: Value, count: Value) -> Value:
        """A list of one value over and over."""
        number = constant_of(count)
        if isinstance(number, int) and 0 <= number <= MAX_UNROLLED:
            return Sequence([value] * number)
        return self.reader.table.symbol(Repeated, value)

    def join(self, values: list[Value]) -> Value:
        """A value that is one of several."""
        first = values[0]
        if all(value is first for value in values[1:]):
            return first
        if all(isinstance(value, Sequence) and value.rest is None for value in values):
            rows = [value.items for value in values if isinstance(value, Sequence)]
            if len({len(row) for row in rows}) == 1:
                return Sequence([self.join(list(column)) for column in zip(*rows, strict=True)])
        model = _one_model(values)
        if model is not None:
            return model
        objects = [value for value in values if not is_constant(value)]
        if (
            len(objects) == 1
            and (isinstance(objects[0], Made | Instance) or is_one_key(objects[0]))
            and all(constant_of(value, 0) is None for value in values if value is not objects[0])
        ):
            return objects[0]  # an object or key, or None
        if are_symbols(values):  # not interned: nothing says that two choices are the same
            tags = frozenset[Any]().union(*(value.tags for value in values))
            return Join(tuple(values), tags=tags)
        return self.reader.fresh("join", *values)


def _one_model(values: list[Value]) -> Value | None:
    """One model in either mode: the copy in inference mode, which may be the one that goes on."""
    models = [value for value in values if isinstance(value, Instance)]
    if len(models) == len(values) and all(m.symbol is models[0].symbol for m in models):
        return next((model for model in models if model.switched is not None), models[0])
    copies = [value for value in values if isinstance(value, Made) and value.name == "inference"]
    plain = [value for value in values if value not in copies]
    if copies and all(value is copies[0].args[0] for value in plain):
        return copies[0]
    return None


def _are_objects(items: list[Value]) -> bool:
    return bool(items) and all(isinstance(item, Instance) for item in items)


def _hashable(value: Any) -> bool:
    return isinstance(value, int | str | float | bool | bytes | None.__class__)
