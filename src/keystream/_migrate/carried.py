"""Functions that give their key back for the next call: ``state, key = step(state, key)``."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from keystream._migrate.keys import FOLD, SPLIT, splits
from keystream._migrate.module import Function, Module, Refused, argument, own, parameters
from keystream._migrate.scans import Scan, bodies, carried_name, slot

# What hands a function on as it is; with `in_axes` or shardings by place it would have to change too.
_WRAPS = frozenset({"jit", "filter_jit", "pmap", "filter_pmap", "partial", "checkpoint", "remat"})
_BY_PLACE = frozenset({"out_axes", "out_shardings", "out_specs", "out"})


@dataclass(frozen=True, slots=True)
class Carried:
    """A function that gives its key back.

    Attributes:
        function: the function.
        place: of the key among the parameters.
        name: of that parameter.
        index: of the key in the tuple that is returned.
        returns: the statements that return it.
        calls: of the function, all of the file.
    """

    function: Function
    place: int
    name: str
    index: int
    returns: tuple[ast.Return, ...]
    calls: tuple[ast.Call, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """Such functions of a file, and those that look like one and can't be rewritten."""

    found: dict[Function, Carried]
    refused: dict[Function, Refused]

    def by_call(self, call: ast.AST) -> Carried | None:
        """The function that a call calls."""
        return next((one for one in self.found.values() if call in one.calls), None)


def carried(module: Module) -> Given:
    """The functions of a file that give their key back."""
    given = Given({}, {})
    inside = bodies(module)
    candidates = [one for group in module.functions.values() for one in group if one not in inside]
    before = -1
    while before != len(given.found) + len(given.refused):  # one may hand its key on to another
        before = len(given.found) + len(given.refused)
        for function in candidates:
            if function not in given.found and function not in given.refused:
                _look(module, function, given)
    return given


def _look(module: Module, function: Function, given: Given) -> None:
    returns = [node for node in own(function) if isinstance(node, ast.Return)]
    for place, parameter in enumerate(parameters(function)):
        if not _is_key(module, function, parameter.arg, given):
            continue
        family = _family(module, function, parameter.arg)
        found = {_index(node, family) for node in returns}
        if found <= {None}:
            continue
        try:
            (index,) = found if len(found) == 1 else (None,)
            if index is None or any(_length(node) != _length(returns[0]) for node in returns):
                raise Refused(returns[-1], f"`{function.name}` doesn't return the key at one place")
            calls = _calls(module, function)
            given.found[function] = Carried(
                function, place, parameter.arg, index, tuple(returns), tuple(calls)
            )
        except Refused as refused:
            given.refused[function] = refused


def _is_key(module: Module, function: Function, name: str, given: Given) -> bool:
    for use in module.uses(function, name):
        outer = module.parents[use]
        call = module.parents[outer] if isinstance(outer, ast.keyword) else outer
        if module.called(call) in (SPLIT, FOLD):
            return True
        one = given.by_call(call)
        if (
            one is not None
            and isinstance(call, ast.Call)
            and argument(call, one.place, one.name) is use
        ):
            return True
        place = slot(module, function, use, None)
        if place and any(_splits(module, scan, place.index) for scan in place.scans):
            return True
    return False


def _splits(module: Module, scan: Scan, index: int | None) -> bool:
    """Whether the body of a loop of JAX splits what it is given at a place."""
    key = carried_name(module, scan, index) if scan.body else ""
    if not isinstance(key, ast.Name) or scan.body is None:
        return False
    return any(
        isinstance(one.key, ast.Name) and one.key.id == key.id for one in splits(module, scan.body)
    )


def _family(module: Module, function: Function, name: str) -> set[str]:
    """A key's variable and those that its splits bind."""
    family = {name}
    for _ in range(len(module.functions) + 1):
        for split in splits(module, function):
            if isinstance(split.key, ast.Name) and split.key.id in family:
                family |= {target.id for target in split.targets if isinstance(target, ast.Name)}
    return family


def _index(node: ast.Return, family: set[str]) -> int | None:
    """The place of a key among what is returned."""
    if not isinstance(node.value, ast.Tuple):
        return None
    names = [part.id if isinstance(part, ast.Name) else "" for part in node.value.elts]
    found = [place for place, name in enumerate(names) if name in family]
    return found[0] if len(found) == 1 else None


def _length(node: ast.Return) -> int:
    return len(node.value.elts) if isinstance(node.value, ast.Tuple) else 0


def _calls(module: Module, function: Function) -> list[ast.Call]:
    """All calls of a function, also by a name that its compiled form has."""
    calls: list[ast.Call] = []
    pending: list[tuple[ast.AST, str]] = [(module.scope(function), function.name)]
    for decorator in function.decorator_list:
        _check_wrapper(decorator, decorator)
    seen: set[tuple[ast.AST, str]] = set()
    while pending:
        scope, name = pending.pop()
        if (scope, name) in seen:  # step = jax.jit(step)
            continue
        seen.add((scope, name))
        for use in module.uses(scope, name):
            if not isinstance(use.ctx, ast.Load):
                continue
            call = module.parents[use]
            if isinstance(call, ast.Call) and call.func is use:
                calls.append(call)
            elif wrapped := _wrapped(module, use):
                pending.append((module.scope(wrapped), wrapped.id))
            else:
                raise Refused(
                    use,
                    f"`{function.name}`, which gives its key back, is handed on here; "
                    "call it by its name, or return no key from it",
                )
    if not calls:
        raise Refused(
            function,
            f"`{function.name}` gives its key back, and nothing in this file calls it; "
            "give it `streams` and a step, and return no key",
        )
    return calls


def _wrapped(module: Module, use: ast.Name) -> ast.Name | None:
    """The variable of ``p_step = jax.jit(step)``."""
    call = module.parents[use]
    if not isinstance(call, ast.Call) or call.args[:1] != [use]:
        return None
    wrapper = module.called(call).rpartition(".")[2]
    if wrapper not in _WRAPS or (wrapper == "partial" and len(call.args) > 1):
        return None
    _check_wrapper(call, use)
    outer = module.parents[call]
    if isinstance(outer, ast.Assign) and isinstance(outer.targets[0], ast.Name):
        return outer.targets[0]
    return None


def _check_wrapper(wrapper: ast.expr, place: ast.AST) -> None:
    words = wrapper.keywords if isinstance(wrapper, ast.Call) else []
    if any(word.arg in _BY_PLACE for word in words):
        raise Refused(
            place,
            "what comes back is placed by `out_axes` or `out_shardings`, with the key among it; "
            "return no key, and take its place out of them",
        )
