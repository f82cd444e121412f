"""Keys that a function returns: alone in a tuple, or in a record that it makes or replaces."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._lint.facts import text_of
from keystream._lint.symbols import Attribute, Parameter, Place, Replaced, Stack, Symbol, Value
from keystream._lint.unknown_models import is_called_a_key, is_one_key
from keystream._lint.values import Instance, Mapping, Sequence

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_DEPTH = 4  # of tuples and records in each other; a scan's carry and a state need three


Spelt = tuple[ast.AST, Symbol, str]


def returned_keys(reader: Reader, node: ast.expr, value: Value) -> Iterator[Spelt]:
    """Each key that goes out with a returned value, and where and how the source spells it.

    A key that is returned by itself is left out: a function that makes or takes one hands it over.
    """
    if reader.frame.node in reader.remembering:
        return
    if isinstance(value, Replaced):
        yield from _left_in(reader, node, value)
    elif isinstance(node, ast.Name | ast.Attribute):
        return
    for element, part in _parts(reader, node, value):
        yield from _keys(reader, element, part, _DEPTH)


def _keys(reader: Reader, node: ast.AST, value: Value, depth: int) -> Iterator[Spelt]:
    if isinstance(value, Replaced):
        yield from _left_in(reader, node, value)
    elif isinstance(value, Symbol):
        if not isinstance(value, Stack) and (is_one_key(value) or is_called_a_key(value)):
            yield node, value, text_of(node)
    elif depth > 0:
        for element, part in _parts(reader, node, value):
            yield from _keys(reader, element, part, depth - 1)


def _left_in(reader: Reader, node: ast.AST, record: Replaced) -> Iterator[Spelt]:
    """The keys of a record that were used and that its copy holds: ``state.replace(params=...)``."""
    owner: Value = record
    while isinstance(owner, Replaced):
        owner = owner.owner
    used = [key for key in reader.uses if isinstance(key, Attribute) and key.owner is owner]
    for key in used:
        if reader.expressions.attribute_of(record, key.name, node) is key:
            yield node, key, _spelling(key)


def _spelling(value: Value) -> str:
    """An attribute as the source may have it; empty where it is not one of a name."""
    match value:
        case Attribute(owner, name):
            owner = _spelling(owner)
            return f"{owner}.{name}" if owner else ""
        case Parameter(_, name):
            return name
        case _:
            return ""


def _parts(reader: Reader, node: ast.AST, value: Value) -> Iterator[tuple[ast.AST, Value]]:
    """What a display, or a record that the function makes itself, is made of."""
    match node, value:
        case ast.Tuple(elts=elements) | ast.List(elts=elements), Sequence(items):
            if len(elements) == len(items):
                yield from zip(elements, items, strict=True)
        case ast.Dict(values=elements), Mapping(items):
            if len(elements) == len(items):
                yield from zip(elements, items.values(), strict=True)
        case _, Instance():
            yield from _fields(reader, value)
        case _:
            return


def _fields(reader: Reader, record: Instance) -> Iterator[tuple[ast.AST, Value]]:
    """The fields of a record that is made by a call in the function that returns it."""
    made = reader.load(record, "__made__")
    call = made.place if isinstance(made, Place) else None
    around = reader.frame.node
    first, last = getattr(around, "lineno", 1), getattr(around, "end_lineno", None) or 0
    if not isinstance(call, ast.Call) or not first <= call.lineno <= last:
        return
    names = reader.objects.all_fields(record.cls)
    spelt = dict(zip(names, call.args, strict=False))
    spelt |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    for name in names:
        value = reader.load(record, name)
        if value is not None and name in spelt:
            yield spelt[name], value
