"""Keys of their own for the turns of a loop that share one: what to paste, in the reader's own names."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from keystream._evidence.names import MAKERS, steps_of
from keystream._evidence.pairs import Pair
from keystream._evidence.source import called, loops_at, scope_of, source_of, spans
from keystream._evidence.uses import Stack
from keystream._findings import Location
from keystream._judge.handing import handed, spelled
from keystream._judge.rewriting import (
    is_bound,
    reads,
    rewritten,
    spellings,
    statement_at,
)
from keystream._judge.splitting import shared_by, split_off, unused, uses_at, with_parts
from keystream._judge.wording import Given, bound_by


def of_pair(pair: Pair, made: Stack, lines: Sequence[Location]) -> str:
    """The fix for a key that a loop hands out again; empty where nothing names it.

    Args:
        pair: of the uses in two turns.
        made: the lines that made the key, as of `wording.given`.
        lines: where other uses of the key may stand.
    """
    stack = pair.second.at.stack
    inside = stack.index(pair.looped) + 1 if pair.looped in stack else 1
    known = handed(stack, made)[-inside:]  # from the line in the loop inward
    use = next(iter(known), None) or next(_in_body(pair.looped, made), None)
    use = use or next((each for each in known if each is not None and "." in each.name), None)
    if use is not None:
        return each_turn(use, lines, below=use.place != pair.looped and use.place in stack[:-1])
    return of_stack(stack, pair.looped, lines)


def of_stack(stack: Stack, looped: Location | None, lines: Sequence[Location]) -> str:
    """The fix where only the line that draws names the key; empty where it has no name there.

    Args:
        stack: of the draw, innermost line first.
        looped: the line in the loop.
        lines: where other uses of the key may stand.
    """
    names = spelled(stack)
    if not names:
        return ""
    at = next((each for each in names if each.place == looped), None)
    text = ""
    if at is not None:
        text = each_turn(at) if uses_at(at.place, [at.name]) else entry_each_turn(at.place, at.name)
    return text or each_turn(names[0], lines, below=names[0].place != looped)


def _in_body(looped: Location | None, made: Stack) -> Iterator[Given]:
    """What else of a loop reads the key, to hand it on: ``keys = noise_key, dropout_key``."""
    loops = loops_at(looped) if looped is not None else ()
    scope = scope_of(looped) if looped is not None else None
    if looped is None or scope is None or not loops or isinstance(scope, ast.Lambda):
        return
    for line in made:
        maker = statement_at(line)
        if line.path != looped.path or scope_of(line) is not scope or spans(loops[0], line):
            continue
        bound = bound_by(maker, line)
        for step in steps_of(scope):
            inside = any(spans(loop, Location(looped.path, step.node.lineno)) for loop in loops)
            for part in reads(step.node) if inside and bound else ():
                for use in _handed_on(part):
                    if ast.unparse(use) in bound:
                        place = Location(looped.path, use.lineno, use.col_offset + 1)
                        yield Given(place, ast.unparse(use))


def _handed_on(node: ast.AST) -> Iterator[ast.expr]:
    """What an expression reads, but for what it derives other keys of."""
    if isinstance(node, ast.Call) and called(node.func) in MAKERS:
        return
    if isinstance(node, ast.expr) and next(spellings(node), None) is node:
        yield node
        return
    for each in ast.iter_child_nodes(node):
        yield from _handed_on(each)


def each_turn(use: Given, lines: Sequence[Location] = (), *, below: bool = False) -> str:
    """How a key is split off in each turn of a loop, and the statement that is given it.

    Args:
        use: the statement.
        lines: where other uses of the key may stand.
        below: it stands in a function that the loop calls, so the loop does not see its variables.
    """
    name, place = use.name, use.place
    loops = loops_at(place)
    if any(isinstance(loop, ast.comprehension) for loop in loops):
        return (
            "run over keys, one for each turn:\n"
            f"keys = jax.random.split({name}, n)   # then `for step_key in keys`"
        )
    step_key = unused("step_key", place)
    if is_bound(name, place) and not (below and name.isidentifier()):
        text = [split_off(name, step_key, rebind=True), use.with_key(step_key)]
        return "\n".join(["split a key off in each turn:", *filter(None, text)])
    counter = _counted_by(name, place) or ("" if below else _counter(loops))
    if counter:
        said = "fold the number of the turn into the key:"
    elif below and "." in name:
        owner = name.partition(".")[0]
        said = (
            f"split a key off in each turn, and return `{owner}` with the other part, `next_key`:"
        )
    else:
        counter, said = "step", "fold the number of the turn into the key; here it is `step`:"
    derived = f"{step_key} = jax.random.fold_in({name}, {counter})"
    if not counter:
        derived = f"next_key, {step_key} = jax.random.split({name})"
    near = lines if below or not loops else [each for each in lines if spans(loops[0], each)]
    shared = shared_by([place], [name], near, nested=below)
    if sum(len(uses) for _, uses in shared) > 1:
        return "\n".join([said, derived, *with_parts(step_key, shared, place, rebind=False)])
    return "\n".join(filter(None, [said, derived, use.with_key(step_key)]))


def entry_each_turn(place: Location, entry: str) -> str:
    """The same for a key in a dictionary that a statement hands on; empty where it hands on none.

    Args:
        place: of the statement in the loop.
        entry: the key as the statement could read it, such as ``rngs['dropout']``.
    """
    node, read = statement_at(place), ast.parse(entry, mode="eval").body
    if node is None or not isinstance(read, ast.Subscript):
        return ""
    owner, index = ast.unparse(read.value), ast.unparse(read.slice)
    uses = uses_at(place, (owner,))
    if not uses or not _is_dictionary(owner, place):
        return ""
    step_key = unused("step_key", place)
    text = rewritten(place.path, [node], dict.fromkeys(uses, f"{{**{owner}, {index}: {step_key}}}"))
    split = split_off(entry, step_key, rebind=True)
    return f"split a key off in each turn:\n{split}\n{text}" if text else ""


def _counter(loops: Sequence[ast.AST]) -> str:
    """The variable that counts the turns of the only loop; empty where there is no such one."""
    match loops:
        case [ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range")))]:
            return name if name != "_" else ""
        case [ast.For(target=ast.Tuple(elts=[ast.Name(id=name), *_]), iter=ast.Call() as made)]:
            counts = isinstance(made.func, ast.Name) and made.func.id == "enumerate"
            return name if counts and name != "_" else ""
        case _:
            return ""


def _counted_by(name: str, place: Location) -> str:
    """The counter beside a key in one state, as Flax's ``TrainState`` has one: ``state.step``."""
    owner, _, field = name.rpartition(".")
    source = source_of(place.path)
    if not owner or not field or source is None or "[" in name:
        return ""
    for node in ast.walk(source.tree):
        match node:
            case ast.ClassDef(bases=bases) if any(
                ast.unparse(base).endswith("TrainState") for base in bases
            ):
                return f"{owner}.step"
            case ast.Attribute(attr="step" | "apply_gradients" as read, value=value) if (
                ast.unparse(value) == owner
            ):
                around = source.parent(node)
                is_called = isinstance(around, ast.Call) and around.func is node
                if is_called == (read == "apply_gradients"):
                    return f"{owner}.step"
            case _:
                pass
    return ""


def _is_dictionary(name: str, place: Location) -> bool:
    """Whether the file binds a name to a dictionary."""
    source = source_of(place.path)
    for node in ast.walk(source.tree) if source is not None else ():
        if isinstance(node, ast.Assign) and name in map(ast.unparse, node.targets):
            value = node.value
            if isinstance(value, ast.Dict):
                return True
            if isinstance(value, ast.Call) and ast.unparse(value.func) == "dict":
                return True
    return False
