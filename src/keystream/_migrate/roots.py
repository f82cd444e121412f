"""Where keys begin: in a seed, or in a parameter that a function splits for a next time."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from keystream._migrate.draft import Root
from keystream._migrate.family import Family, Known, Place
from keystream._migrate.keys import SPLIT, options, seed, splits
from keystream._migrate.module import Function, Module, Refused, argument, dotted, own, parameters
from keystream._migrate.scans import bodies


def roots(module: Module, known: Known) -> Iterator[Root]:
    """Every key of a file that can be a root."""
    scopes: list[ast.Module | Function] = [module.tree]
    scopes += [node for node in ast.walk(module.tree) if isinstance(node, Function)]
    inside = bodies(module)
    for scope in scopes:
        yield from _seeds(module, scope)
        if isinstance(scope, Function) and scope not in inside:
            yield from _parameters(module, scope, known)


def _seeds(module: Module, scope: ast.Module | Function) -> Iterator[Root]:
    for node in own(scope):
        for target, value in _bindings(node):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            if isinstance(target, ast.Name) and (source := seed(module, value)):
                pair = None if value is node.value else (target, value)
                yield Root(scope, target.id, node.lineno, source, options(value), node, pair)
            elif module.called(value) == SPLIT and isinstance(target, ast.Tuple):
                assert isinstance(value, ast.Call)
                made = argument(value, 0, "key")
                if made is not None and (source := seed(module, made)):
                    yield Root(scope, "", node.lineno, source, options(made), node)


def _bindings(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What an assignment binds to what; of ``a, b = x, y`` each pair."""
    match node:
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield target, value
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            yield from zip(targets, values, strict=False)
        case ast.Assign(targets=[target], value=value):
            yield target, value
        case _:
            pass


def _parameters(module: Module, scope: Function, known: Known) -> Iterator[Root]:
    for parameter in parameters(scope):
        if parameter.arg in ("self", "cls"):
            continue
        carried = known.given.found.get(scope)
        is_carried = carried is not None and carried.name == parameter.arg
        place = Place(scope, known.steps(module, scope, None))
        if is_carried or Family(known, module, place, {parameter.arg}).is_threaded():
            yield Root(scope, parameter.arg, parameter.lineno, parameter.arg)


def kept(module: Module, known: Known) -> Iterator[Refused]:
    """Keys that an object or a container keeps, and that are split in place."""
    followed = {state.name for state in known.states}
    scopes = [node for node in ast.walk(module.tree) if isinstance(node, Function | ast.Module)]
    seen: set[str] = set()
    for one in [one for scope in scopes for one in splits(module, scope)]:
        name = module.source(one.key)
        again = [target for target in one.targets if ast.unparse(target) == ast.unparse(one.key)]
        if not again or name in seen:
            continue
        seen.add(name)
        if isinstance(one.key, ast.Subscript):
            yield Refused(
                one.statement,
                f"`{name}` is kept in a container, where any code may split it; "
                "keep the step there instead, and make its keys with streams.key(name, step)",
            )
        elif isinstance(one.key, ast.Attribute) and (
            one.key.attr not in followed or dotted(one.key.value) == "self"
        ):
            yield Refused(
                one.statement,
                f"`{name}` is kept in an object, which any method may split; "
                "keep `streams` there instead, and give the method its step",
            )
