"""Keys in what a loop of JAX carries: a counter takes the key's place there."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from keystream._migrate.module import Function, Module, argument, own, parameters

# The loop -> the places of its body and of what it starts from, the name of that, and the body's
# parameter for it.
_LOOPS = {
    "jax.lax.scan": (0, 1, "init", 0),
    "jax.lax.fori_loop": (2, 3, "init_val", 1),
    "jax.lax.while_loop": (1, 2, "init_val", 0),
}


@dataclass(frozen=True, slots=True)
class Scan:
    """A call of ``scan``, ``fori_loop`` or ``while_loop``.

    Attributes:
        call: the call.
        name: its full name.
        start: what is carried into the first turn.
        body: the function of this file that is run; None where it is another one.
        carry: the body's parameter for what is carried.
    """

    call: ast.Call
    name: str
    start: ast.expr
    body: Function | None
    carry: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a key in what is carried.

    Attributes:
        index: in the tuple; None where the key alone is carried.
        scans: that start with it; none for what a body returns.
    """

    index: int | None
    scans: tuple[Scan, ...]


def scans(module: Module, scope: ast.AST) -> list[Scan]:
    """The loops of JAX that a scope starts."""
    calls = [node for node in own(scope) if isinstance(node, ast.Call)]
    return [scan for call in calls if (scan := _scan(module, call)) is not None]


def bodies(module: Module) -> dict[Function, Scan]:
    """The bodies of all such loops of a file."""
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    found = [scan for call in calls if (scan := _scan(module, call)) is not None]
    return {scan.body: scan for scan in found if scan.body is not None}


def slot(module: Module, scope: ast.AST, use: ast.expr, inside: Scan | None) -> Slot | None:
    """The place that a key is put at, in what a loop starts with or a body returns.

    Args:
        module: the file.
        scope: that the key is used in.
        use: of the key.
        inside: the loop whose body the scope is.
    """
    outer = module.parents[use]
    whole, index = (outer, outer.elts.index(use)) if isinstance(outer, ast.Tuple) else (use, None)
    parent = module.parents[whole]
    found = scans(module, scope)
    direct = tuple(scan for scan in found if scan.start is whole)
    if direct:
        return Slot(index, direct)
    returned = inside is not None and isinstance(module.statement(whole), ast.Return)
    if inside is not None and returned and _is_returned(module, whole, inside):
        return Slot(index, ())
    if (
        index is None
        or not isinstance(parent, ast.Assign)
        or not isinstance(parent.targets[0], ast.Name)
    ):
        return None
    name = parent.targets[0].id
    started = tuple(
        scan for scan in found if isinstance(scan.start, ast.Name) and scan.start.id == name
    )
    reads = [node for node in module.uses(scope, name) if isinstance(node.ctx, ast.Load)]
    if started or (
        inside is not None and any(_is_returned(module, node, inside) for node in reads)
    ):
        return Slot(index, started)
    return None


def carried_name(module: Module, scan: Scan, index: int | None) -> ast.Name | str:
    """Where a body takes the key out of what is carried; why it can't be told, as text."""
    assert scan.body is not None
    if index is None:
        return ast.Name(scan.carry)
    for use in module.uses(scan.body, scan.carry):
        parent = module.parents[use]
        if (
            isinstance(parent, ast.Assign)
            and parent.value is use
            and isinstance(parent.targets[0], ast.Tuple)
        ):
            parts = parent.targets[0].elts
            target = parts[index] if index < len(parts) else None
            return target if isinstance(target, ast.Name) else "takes it apart in another way"
    return f"doesn't take it apart as `a, key = {scan.carry}`"


def _scan(module: Module, call: ast.Call) -> Scan | None:
    name = module.called(call)
    if name not in _LOOPS:
        return None
    place, first, word, parameter = _LOOPS[name]
    run = argument(call, place, "f" if name.endswith("scan") else "body_fun")
    start = argument(call, first, word)
    if start is None or run is None:
        return None
    function = module.function(run, call)
    names = [one.arg for one in parameters(function)] if function else []
    carry = names[parameter] if parameter < len(names) else ""
    return Scan(call, name, start, function if carry else None, carry)


def _is_returned(module: Module, node: ast.AST, inside: Scan) -> bool:
    """Whether something is what a body hands on to its next turn."""
    parent = module.parents[node]
    if not inside.name.endswith("scan"):
        return isinstance(parent, ast.Return)
    pair = isinstance(parent, ast.Tuple) and parent.elts[0] is node
    return pair and isinstance(module.parents[parent], ast.Return)
