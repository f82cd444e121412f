"""Names that hold texts or indices: what is called a key may be one of a dictionary."""

from __future__ import annotations

import ast

from keystream._lint.walking import kept, walk

_OF_MAPPINGS = frozenset({"get", "pop", "setdefault"})
_OF_TEXTS = frozenset({name for name in dir(str) if not name.startswith("_")}) - {"count", "index"}


@kept
def texts_in(around: ast.AST) -> frozenset[str]:
    """The names that a function uses as no JAX key can be: as an index, a member or a text.

    ``table[key]``, ``key in table``, ``table.get(key)``, ``{key: 1}``, ``key.startswith("head")`` and
    ``"{}_".format(key)``; and what a loop over ``table.keys()`` or ``table.items()`` binds first.
    """
    return frozenset(name for part in walk(around) for name in _used_as_text(part))


def _used_as_text(node: ast.AST) -> list[str]:
    found: list[ast.AST] = []
    match node:
        case ast.Subscript(slice=index):
            found = [index, *(index.elts if isinstance(index, ast.Tuple) else ())]
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()]):
            found = [left]
        case ast.Compare(left=left, comparators=[ast.Constant(value=str())]):
            found = [left]
        case ast.Dict(keys=keys):
            found = [key for key in keys if key is not None]
        case ast.DictComp(key=key):
            found = [key]
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()))):
            found = [*node.args]
        case ast.Call(func=ast.Attribute(attr=name, value=owner)):
            found = [
                *(node.args[:1] if name in _OF_MAPPINGS else ()),
                *([owner] * (name in _OF_TEXTS)),
            ]
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            found = _bound_first(node)
        case _:
            pass
    return [each.id for each in found if isinstance(each, ast.Name)]


def _bound_first(loop: ast.For | ast.AsyncFor | ast.comprehension) -> list[ast.AST]:
    """What a loop over the keys of a mapping, or over its items, binds to these keys."""
    match loop.iter, loop.target:
        case ast.Call(func=ast.Attribute(attr="keys"), args=[]), target:
            return [target]
        case ast.Call(func=ast.Attribute(attr="items"), args=[]), ast.Tuple(elts=[first, *_]):
            return [first]
        case _:
            return []
