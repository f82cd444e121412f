"""Binding names: targets of whatever form, elements and attributes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._lint.dataflow import is_read_after
from keystream._lint.facts import Unread
from keystream._lint.symbols import Item, Repeated, Stack, Symbol, Value
from keystream._lint.unknown_models import note_unread
from keystream._lint.values import (
    Class,
    Function,
    Mapping,
    Partial,
    Sequence,
    Wrapped,
    constant_of,
)

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_NOTHING = object()
_CODE = Class | Function | Partial | Wrapped  # what a registry holds, whichever function fills it


class Binding:
    """Assigns."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def assign(self, target: ast.expr, value: Value) -> None:
        """Bind a target of whatever form."""
        if isinstance(target, ast.Name):
            self.reader.scope.bind(target.id, value)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target.elts, value)
        elif isinstance(target, ast.Attribute):
            owner = self.reader.expressions.evaluate(target.value)
            self.reader.store(owner, target.attr, value)
        elif isinstance(target, ast.Subscript):
            self._store_element(target, value)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value)

    def _unpack(self, targets: list[ast.expr], value: Value) -> None:
        star = next(
            (i for i, target in enumerate(targets) if isinstance(target, ast.Starred)), None
        )
        values = self.spread(value, len(targets), star)
        if isinstance(value, Stack):
            self._note_unread(targets, value)
        for target, part in zip(targets, values, strict=True):
            self.assign(target, part)
            if isinstance(target, ast.Name):
                note_unread(self.reader, target.id, part, self.reader.frame.node, target)

    def _note_unread(self, targets: list[ast.expr], stack: Stack) -> None:
        """Note the names among the children of a split that nothing reads."""
        reader = self.reader
        statement, around = reader.frame.statement, reader.frame.node
        if reader.hushed or statement is None:
            return
        for target in targets:
            name = target.id if isinstance(target, ast.Name) else "_"
            if not name.startswith("_") and not is_read_after(
                name, statement, around, repeated=bool(reader.frame.turns)
            ):
                found = reader.facts.unread.setdefault(stack.key, [])
                if all(other.site.node is not target for other in found):
                    found.append(Unread(name, reader.site(target)))

    def spread(self, value: Value, count: int, star: int | None) -> list[Value]:
        """The parts of a value that is unpacked into so many targets."""
        if isinstance(value, Stack):
            number = constant_of(value.count)
            sure = isinstance(number, int) and count - 1 <= number <= 64
            constant, child = self.reader.table.constant, self.reader.containers.child
            parts: list[Value] = [
                child(value, constant(i)) for i in range(number if sure else count)
            ]
            if not sure:
                if star is not None:
                    parts[star] = self.reader.fresh("rest", value)
                return parts
            value = Sequence(parts)
        if isinstance(value, Sequence) and value.rest is None:
            items = value.items
            if star is None and len(items) == count:
                return list(items)
            if star is not None and len(items) >= count - 1:
                after = count - 1 - star
                middle = Sequence(items[star : len(items) - after])
                return [*items[:star], middle, *(items[len(items) - after :] if after else [])]
        if isinstance(value, Repeated):
            return [value.value] * count
        if isinstance(value, Symbol):
            return [
                self.reader.table.symbol(Item, value, self.reader.table.constant(i))
                if i != star
                else self.reader.fresh("rest", value)
                for i in range(count)
            ]
        return [self.reader.fresh("part", value) for _ in range(count)]

    def _store_element(self, target: ast.Subscript, value: Value) -> None:
        owner = self.reader.expressions.evaluate(target.value)
        index = (
            self.reader.expressions.evaluate(target.slice)
            if not isinstance(target.slice, ast.Slice)
            else None
        )
        plain = constant_of(index, _NOTHING)
        changed: Value
        if isinstance(owner, Mapping):
            if isinstance(plain, str | int):
                changed = Mapping({**owner.items, plain: value}, owner.complete)
            else:
                changed = Mapping(dict(owner.items), complete=False)
        elif (
            isinstance(owner, Sequence)
            and isinstance(plain, int)
            and -len(owner.items) <= plain < len(owner.items)
        ):
            items = list(owner.items)
            items[plain] = value
            changed = Sequence(items, owner.rest)
        else:
            changed = self.reader.fresh("changed", owner)
        if isinstance(target.value, ast.Name) and isinstance(value, _CODE):
            self.reader.scope.holder(target.value.id).names[target.value.id] = changed
        elif isinstance(target.value, ast.Name | ast.Attribute):
            self.assign(target.value, changed)
