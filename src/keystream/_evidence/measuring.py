"""Whether a draw without a gradient measures a model, trains it in another way, or samples from it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from keystream._evidence import flow, loops
from keystream._evidence.batches import batched_names
from keystream._evidence.names import MAKERS, chain_at
from keystream._evidence.source import called, loops_at, scope_of, statement
from keystream._evidence.uses import Site, Stack
from keystream._findings import Location


def measured_at(stack: Stack) -> Location | None:
    """The line whose result is looked at; None where a loop goes on with it, as training does."""
    for number, place in enumerate(stack):
        if flow.returned(place):
            continue
        around = loops_at(place)
        turn = loops.turn_of(place, around[-1], stack[:number]) if around else None
        carried = turn is not None and turn.carried
        return None if carried or flow.is_asserted(place) else place
    return stack[-1] if stack else None


def samples(site: Site, around: Stack, *, fresh: bool) -> bool:
    """Whether one input is given several keys on the way to a draw, and nothing else varies.

    Args:
        site: the draw.
        around: the lines of its stack that stand around the model.
        fresh: several keys were drawn from there, none of them twice: where nothing that is given
            varies, the object itself counts its draws, as a module of NNX does.
    """
    return any(_varies_key_alone(place, fresh=fresh) for place in around) or _batches_keys_alone(
        site, fresh=fresh
    )


def _batches_keys_alone(site: Site, *, fresh: bool) -> bool:
    """Whether a batch is one of keys; within it one of data may share each key's draw."""
    batch = batched_names(site.stack)
    return batch is not None and len(batch[1]) == 1 and (fresh or "vmap_shared" not in site.flags)


def _varies_key_alone(place: Location, *, fresh: bool) -> bool:
    node, scope = statement(place), scope_of(place)
    if node is None or scope is None:
        return False
    call = chain_at(node, place)
    for loop in loops_at(place) if call is not None else ():
        assert call is not None
        changed = loops.changed_arguments(call, loop, scope)
        keys = [each for each in changed if _makes_key(each) or _holds_key(each, loop, scope)]
        if len(keys) == len(changed) and (keys or fresh):
            return True
    return False


def _makes_key(node: ast.AST) -> bool:
    return any(
        isinstance(each, ast.Call) and called(each.func) in MAKERS for each in ast.walk(node)
    )


def _holds_key(node: ast.AST, loop: ast.AST, scope: ast.AST) -> bool:
    """Whether an argument is a name to which keys are bound: by the loop, or by a statement in it."""
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    bound = [
        each for each in ast.walk(scope) if isinstance(each, ast.Assign) and _makes_key(each.value)
    ]
    keys = {
        name.id
        for each in bound
        for target in each.targets
        for name in ast.walk(target)
        if isinstance(name, ast.Name)
    }
    if isinstance(loop, (ast.For, ast.comprehension)):
        for target, source in _runs_over(loop.target, loop.iter):
            if _makes_key(source) or (isinstance(source, ast.Name) and source.id in keys):
                keys |= {each.id for each in ast.walk(target) if isinstance(each, ast.Name)}
    return bool(names & keys)


def _runs_over(target: ast.expr, source: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The targets of a loop with what each runs over: of ``x, k in zip(xs, keys)`` two pairs."""
    if isinstance(target, ast.Tuple) and isinstance(source, ast.Call):
        parts = {"zip": source.args, "enumerate": [ast.Constant(0), *source.args]}
        over = parts.get(called(source.func), [])
        if len(over) == len(target.elts):
            for part, each in zip(target.elts, over, strict=True):
                yield from _runs_over(part, each)
            return
    yield target, source
