"""Why a key can't be followed where it goes, by what the program does with it there, and the way out."""

from __future__ import annotations

import ast

from keystream._migrate.module import Function, Module, dotted

_WHOLES = ast.Tuple | ast.List | ast.Set | ast.Dict | ast.Starred


def of_use(module: Module, use: ast.expr) -> str:
    """The reason against a use of a key that is neither a split nor an argument of a call."""
    name = repr(dotted(use))
    inner, outer = use, module.parents[use]
    while isinstance(outer, _WHOLES):
        inner, outer = outer, module.parents[outer]
    remedy = "split a key off for that"
    match outer:
        case ast.Return() | ast.Yield():
            what, remedy = f"{_gives(module, outer)} {name} back", "split a key off for the caller"
        case ast.Lambda():
            what = f"a lambda gives {name} back"
            remedy = "make the new state with its class or `replace`, with the key among its fields"
        case ast.Compare(comparators=[ast.Constant(value=None)]):
            what = f"{name} may be None"
            remedy = "put what needs the key into a function that is always given one"
        case ast.Attribute():
            what, remedy = f"`{dotted(outer)}` is read", "read it of a key that is split off"
        case ast.Subscript(value=value) if value is inner:
            what, remedy = f"a part of {name} is taken", "take it of a key that is split off"
        case ast.Assign(targets=[target]):
            into = "a collection" if isinstance(target, ast.Name) else f"`{module.source(target)}`"
            what = f"{name} is put into {into}"
        case ast.expr():
            what = f"{name} is used in `{module.source(outer)}`"
        case _:
            what = f"{name} is used for something else"
    return f"{what} here; {remedy}"


def _gives(module: Module, place: ast.AST) -> str:
    scope = module.scope(place)
    return f"`{scope.name}` gives" if isinstance(scope, Function) else "the program gives"


def of_outer(module: Module, use: ast.Name) -> str:
    """The reason against a function that binds the key of a scope around it."""
    scope = module.scope(use)
    word = ""
    for node in ast.walk(scope):
        if isinstance(node, ast.Global | ast.Nonlocal) and use.id in node.names:
            word = f" with `{'global' if isinstance(node, ast.Global) else 'nonlocal'}`"
    return (
        f"`{getattr(scope, 'name', 'a lambda')}` moves {use.id!r} on{word}, and how often can't be "
        "told; give it a key as an argument"
    )


def of_result(name: str, called: str) -> str:
    """The reason against a call whose result the key's variable is bound to, without being given it."""
    return (
        f"{name!r} is bound to what `{called}` returns here; where that is a saved key, "
        "save the step in its place, else give it a name of its own"
    )
