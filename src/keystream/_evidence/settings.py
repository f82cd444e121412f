"""Whether values stand in the source: the settings that a sweep goes over, and not what it trains on."""

from __future__ import annotations

import ast

from keystream._evidence.names import dotted
from keystream._evidence.source import Scope, called, modules_around

_SPACED = frozenset({"linspace", "logspace", "geomspace"})
_FORMS = frozenset({"enumerate", "sorted", "reversed", "list", "tuple", "array", "asarray"})
_PARTS = frozenset({"items", "values", "keys"})
_DEPTH = 3  # names that are followed back


def written_out(node: ast.AST | None, scope: ast.AST | None, *, whole: bool = True) -> bool:
    """Whether an iterable is a display of settings: numbers, texts, functions, records; no arrays.

    Args:
        node: the iterable.
        scope: the function or module around it, in which names are looked up.
        whole: whether each is known to serve a whole run. Whole numbers, texts and names are settings
            only then; else they may be sizes and names of layers, which need keys of their own.
    """
    return _written_out(node, scope, whole=whole, depth=_DEPTH)


def _written_out(node: ast.AST | None, scope: ast.AST | None, *, whole: bool, depth: int) -> bool:
    match node:
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            return bool(elements) and all(_is_setting(each, whole=whole) for each in elements)
        case ast.Dict(values=elements):
            return bool(elements) and all(_is_setting(each, whole=whole) for each in elements)
        case ast.Call(func=function):
            name = called(function)
            if name in _SPACED or (name == "product" and whole):
                return True
            over = _gone_over(node)
            known = [_written_out(each, scope, whole=whole, depth=depth) for each in over]
            return any(known) if whole else bool(known) and all(known)
        case ast.Name() if scope is not None and depth:
            inner, bound = scope, _bound(node.id, scope)
            for module in modules_around(scope) if isinstance(scope, Scope) and not bound else ():
                inner, bound = module, _bound(node.id, module)
                if bound:
                    break
            return len(bound) == 1 and _written_out(bound[0], inner, whole=whole, depth=depth - 1)
        case _:
            return False


def _gone_over(call: ast.Call) -> list[ast.expr]:
    """The containers whose elements a call gives, as they are or side by side."""
    name = called(call.func)
    if name in _PARTS and isinstance(call.func, ast.Attribute):
        return [call.func.value]
    if name in ("zip", "product"):
        return call.args
    return call.args[:1] if name in _FORMS else []


def _bound(name: str, scope: ast.AST) -> list[ast.expr]:
    """What a function binds to a name."""
    return [
        each.value
        for each in ast.walk(scope)
        if isinstance(each, ast.Assign) and any(dotted(target) == name for target in each.targets)
    ]


def _is_setting(node: ast.AST, *, whole: bool) -> bool:
    match node:
        case ast.Constant():
            found = whole or isinstance(node.value, (float, bool))
        case ast.Name():
            found = whole
        case ast.UnaryOp(operand=one):
            found = _is_setting(one, whole=whole)
        case ast.BinOp(left=one, right=other):
            found = _is_setting(one, whole=whole) and _is_setting(other, whole=whole)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            some = any(_is_setting(each, whole=whole) for each in parts)
            found = some and _are_settings(parts)
        case ast.Dict(values=parts):
            found = _are_settings(parts)
        case ast.Call(args=given, keywords=named):  # a record, Config(rate=0.1), and no load(1)
            rates = all(_is_setting(each, whole=False) for each in given)
            found = rates and bool(given or named) and _are_settings([each.value for each in named])
        case _:
            found = isinstance(node, (ast.Attribute, ast.Lambda))
    return found


def _are_settings(nodes: list[ast.expr]) -> bool:
    return all(_is_setting(each, whole=True) for each in nodes)
