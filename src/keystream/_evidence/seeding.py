"""What a program says of the seeds that it makes keys of: who hands them on, what goes over them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from keystream._evidence import derivatives, loops
from keystream._evidence.names import (
    MAKERS,
    call_at,
    chain_at,
    dotted,
    names_bound,
    names_read,
    overlap,
)
from keystream._evidence.settings import written_out
from keystream._evidence.source import (
    Loop,
    called,
    is_of_module,
    loops_at,
    scope_of,
    statement,
)
from keystream._evidence.uses import Site
from keystream._findings import Location

_SAMPLING = frozenset({"random", "jr", "jrandom", "rnd"})  # names that jax.random is imported by


def _seed_parameters(site: Site) -> tuple[ast.FunctionDef, set[str]] | None:
    """The function that makes a key of its parameter, and the parameters that the key is made of."""
    if site.place is None:
        return None
    node, scope = statement(site.place), scope_of(site.place)
    if node is None or not isinstance(scope, ast.FunctionDef):
        return None
    names = {argument.arg for argument in (*scope.args.args, *scope.args.kwonlyargs)}
    found = names & {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return (scope, found) if found else None


def _calls_of(function: ast.FunctionDef, site: Site) -> list[ast.Call]:
    """The calls, on the line that called it, of the function that makes a key, or of its class."""
    name = function.name
    if name == "__init__" and site.place is not None:
        name = site.place.function.split(".")[-2:][0]
    return [
        call
        for place in site.stack[1:2]
        for call in ast.walk(statement(place) or ast.Module([], []))
        if isinstance(call, ast.Call) and called(call.func) == name
    ]


def hands_named_seed(site: Site) -> bool:
    """Whether the caller hands on a seed that it has under a name, such as a constant of the program."""
    made = _seed_parameters(site)
    if made is None:
        return False
    scope, seeds = made
    return any(
        isinstance(given, (ast.Name, ast.Attribute))
        for call in _calls_of(scope, site)
        for given in _given_as(call, scope, seeds)
    )


def _given_as(call: ast.Call, function: ast.FunctionDef, names: set[str]) -> Iterator[ast.expr]:
    """What a call gives to some parameters of a function."""
    order = [argument.arg for argument in function.args.args]
    order = order[1:] if order[:1] in (["self"], ["cls"]) else order
    given = dict(zip(order, call.args, strict=False))
    given |= {word.arg: word.value for word in call.keywords if word.arg is not None}
    yield from (given[name] for name in names if name in given)


def folds_turn(place: Location, loop: Loop) -> bool:
    """Whether the statement that makes a key of a seed folds in what a loop goes over, too."""
    node = statement(place)
    if node is None or isinstance(loop, ast.While):
        return False
    targets = set(names_bound(loop.target))
    return any(
        isinstance(each, ast.Call)
        and called(each.func) == "fold_in"
        and any(overlap(names_read(part), targets) for part in each.args[1:])
        for each in ast.walk(node)
    )


@lru_cache(maxsize=1024)
def is_consumed(made: Location) -> bool:
    """Whether the key made at a place goes nowhere but into the function of JAX that it is given to.

    ``permutation(key(0), n)``: nothing keeps that key, so no other line can have it.
    """
    node = statement(made)
    call = call_at(node, made) if node is not None else None
    return node is not None and call is not None and consumes(node, call)


def consumes(node: ast.stmt, call: ast.AST) -> bool:
    """Whether a statement gives what a call makes to a function of ``jax.random``, and nowhere else."""
    return any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and is_of_module(each.func)
        and dotted(each.func).split(".")[-2] in _SAMPLING
        and any(given is call for given in each.args)
        for each in ast.walk(node)
    )


def can_have(user: Site, maker: Site) -> bool:
    """Whether a use can have the key that another line made of a seed."""
    place = maker.place
    if place is None or maker.kind != "seed" or not is_consumed(place):
        return True
    return any((each.path, each.line) == (place.path, place.line) for each in user.stack)


def numbers_turns(seed: Location, loop: Loop) -> bool:
    """Whether the seed that a line makes a key of is computed from what a loop around it goes over."""
    node = statement(seed)
    call = call_at(node, seed) if node is not None else None
    if call is None or not call.args or isinstance(loop, ast.While):
        return False
    return overlap(names_read(call.args[0]), set(names_bound(loop.target)))


def is_sum(seed: Location) -> bool:
    """Whether the seed that a line makes a key of is the sum of several names: of counters, say."""
    node = statement(seed)
    call = call_at(node, seed) if node is not None else None
    given = call.args[0] if call is not None and call.args else None
    return isinstance(given, ast.BinOp) and isinstance(given.op, ast.Add) and len(_terms(given)) > 1


def _terms(node: ast.expr) -> list[str]:
    """The names that an expression adds up, without a factor."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _terms(node.left) + _terms(node.right)
    name = dotted(node)
    return [name] if name else []


def is_swept(seed: Location, line: int) -> bool:
    """Whether the turns of the loop at a line go through the same seeds, each for runs of its own.

    The seeds are those of a loop within it: three settings, each tried with seeds 0 to 4.
    """
    around = loops_at(seed)
    loop = next((each for each in around if getattr(each, "lineno", 0) == line), None)
    if loop is None:
        return False
    inner = around[: around.index(loop)]
    if numbers_turns(seed, loop) or not any(numbers_turns(seed, each) for each in inner):
        return False
    turn = loops.turn_of(seed, loop)
    if turn is None or loops.enters_state(seed, loop):
        return False
    settings = written_out(getattr(loop, "iter", None), scope_of(seed))
    return settings or turn.ranked or turn.compared or loops.is_run_in(seed, loop)


def is_of_element(seed: Location, looped: Location) -> bool:
    """Whether a seed is, as it stands, a part of the elements that the loop around it goes over."""
    node = statement(seed)
    call = call_at(node, seed) if node is not None else None
    if call is None or not call.args or (seed.path, seed.line) != (looped.path, looped.line):
        return False
    given = call.args[0]
    parts = isinstance(given, (ast.Attribute, ast.Subscript))
    return parts and overlap({dotted(given)}, _targets(looped))


def is_handed_element(site: Site) -> bool:
    """Whether the line that calls what makes a key hands it, as the seed, what its loop goes over."""
    made, caller = _seed_parameters(site), next(iter(site.stack[1:2]), None)
    node = statement(caller) if caller is not None else None
    if made is None or node is None or caller is None:
        return False
    targets, called_at = _targets(caller), chain_at(node, caller)
    calls = _calls_of(made[0], site) or ([called_at] if called_at is not None else [])
    return any(
        overlap(names_read(each), targets) for call in calls for each in _given_as(call, *made)
    )


def hands_element(place: Location, loop: Loop, inner: Location) -> bool:
    """Whether the call at a place hands on, as a key to derive from, what its loop goes over.

    Args:
        place: the call, in the loop.
        loop: around it.
        inner: where the function that is called derives a key.
    """
    node, deriving, function = statement(place), statement(inner), scope_of(inner)
    call = chain_at(node, place) if node is not None else None
    derive = call_at(deriving, inner) if deriving is not None else None
    if call is None or derive is None or not isinstance(function, ast.FunctionDef):
        return False
    if isinstance(loop, ast.While) or called(derive.func) not in MAKERS or not derive.args:
        return False
    names = set(names_read(derive.args[0])) & {each.arg for each in function.args.args}
    elements = set(names_bound(loop.target))
    return any(overlap(names_read(given), elements) for given in _given_as(call, function, names))


def _targets(place: Location, *, counted: bool = True) -> set[str]:
    """What the loops around a place bind in each turn, or what of it is no number of the turn."""
    around = [loop for loop in loops_at(place) if not isinstance(loop, ast.While)]
    numbers: set[str] = set()
    for loop in around if not counted else ():
        over = called(loop.iter.func) if isinstance(loop.iter, ast.Call) else ""
        names = list(names_bound(loop.target))
        numbers |= set(names if over == "range" else names[:1] if over == "enumerate" else ())
    return {name for loop in around for name in names_bound(loop.target)} - numbers


def is_whole_run(site: Site, looped: Location) -> bool:
    """Whether a turn of a loop calls a run that reads what varies: a setting, and no mere number."""
    if looped not in site.stack:
        return False
    inner = site.stack[: site.stack.index(looped)]
    node = statement(looped)
    call = chain_at(node, looped) if node is not None else None
    trains = any(map(loops.is_run, inner)) and any(map(derivatives.takes_gradients, inner))
    if not trains or call is None:
        return False
    varied = _targets(looped, counted=False)
    return any(
        overlap(names_read(given), varied) and name in names
        for run in map(scope_of, inner[-1:])
        if isinstance(run, ast.FunctionDef)
        for names in [set().union(*map(names_read, run.body)) | {None}]
        for name, given in _arguments(call, run)
    )


def _arguments(call: ast.Call, function: ast.FunctionDef) -> Iterator[tuple[str | None, ast.expr]]:
    """What a call gives, with the names of the function's parameters; None for what another gets."""
    names = [each.arg for each in function.args.args]
    names = names[1:] if names[:1] in (["self"], ["cls"]) else names
    if called(call.func) == function.name:
        yield from zip(names, call.args, strict=False)
        yield from ((each.arg, each.value) for each in call.keywords)
    for each in ast.walk(call.func):  # the call that makes the object whose method is called
        if isinstance(each, ast.Call):
            yield from ((None, part) for part in each.args)
            yield from ((None, part.value) for part in each.keywords)


def settings_differ(sites: list[Site]) -> bool:
    """Whether calls hand one seed to the function that makes the key, and differ otherwise."""
    made = _seed_parameters(sites[0])
    if made is None or len({site.place for site in sites}) != 1:
        return False
    calls = [call for site in sites for call in _calls_of(made[0], site) if call.args]
    return len({ast.unparse(call) for call in calls}) > 1
