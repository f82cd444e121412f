"""From keys threaded by hand to named streams: a rewrite of one module or function at a time.

What is rewritten is the common form, whole or not at all: a name is bound to ``jax.random.key(seed)``,
and from then on only split, ``name, a, b = jax.random.split(name, 3)``, before or in loops that are not
nested. Anything else that is done with the name is a reason to leave the code as it is, and is said.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from keystream._lint.repairs import Edit

_MAKES = frozenset({"jax.random.key", "jax.random.PRNGKey", "random.key", "random.PRNGKey"})
_SPLITS = frozenset({"jax.random.split", "random.split"})
_RESERVED = frozenset({"coordinates", "steps", "ids", "init", "impl", "layout"})


@dataclass(slots=True)
class Migration:
    """What becomes of the keys of one scope.

    Attributes:
        line: where the root key is made.
        name: what it is called.
        streams: the names of the streams.
        edits: of the text; empty where it is left as it is.
        reason: why it is left.
    """

    line: int
    name: str
    streams: list[str] = field(default_factory=list[str])
    edits: list[Edit] = field(default_factory=list[Edit])
    reason: str = ""


def migrations(text: str, tree: ast.Module) -> list[Migration]:
    """Every root key of a module, with its rewrite or the reason against one."""
    found = [_of_scope(scope, made, text) for scope in _scopes(tree) for made in _made(scope)]
    done = [migration for migration in found if migration.edits]
    if done and not re.search(r"^import keystream as ks\b", text, re.MULTILINE):
        done[0].edits.append(_import(tree))
    return found


def _scopes(tree: ast.Module) -> Iterator[ast.AST]:
    yield tree
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope without those of the functions in it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(
            child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
        ):
            yield from _own(child)


def _made(scope: ast.AST) -> Iterator[ast.Assign]:
    for node in _own(scope):
        if (
            isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.value.func) in _MAKES
            and len(node.value.args) == 1
        ):
            yield node


def _of_scope(scope: ast.AST, made: ast.Assign, text: str) -> Migration:
    target = made.targets[0]
    assert isinstance(target, ast.Name)
    migration = Migration(made.lineno, target.id)
    splits = [node for node in _own(scope) if _is_split(node, target.id)]
    expected = 1 + 2 * len(splits)  # bound once, and in each split bound and read
    mentions = [
        node for node in ast.walk(scope) if isinstance(node, ast.Name) and node.id == target.id
    ]
    if not splits:
        migration.reason = "it is never split in the form `key, a, b = jax.random.split(key, 3)`"
    elif len(mentions) != expected:
        other = _other(scope, made, splits, target.id)
        migration.reason = f"it is used for something else at line {other}"
    else:
        _rewrite(scope, made, splits, migration, text)
    return migration


def _is_split(node: ast.AST, name: str) -> bool:
    if not (
        isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.value, ast.Call)
    ):
        return False
    target, call = node.targets[0], node.value
    return (
        isinstance(target, ast.Tuple)
        and len(target.elts) > 1
        and all(isinstance(part, ast.Name) for part in target.elts)
        and [ast.unparse(part) for part in target.elts].count(name) == 1
        and ast.unparse(call.func) in _SPLITS
        and bool(call.args)
        and ast.unparse(call.args[0]) == name
    )


def _other(scope: ast.AST, made: ast.Assign, splits: list[ast.AST], name: str) -> int:
    """The line of a use that is no split."""
    allowed = {id(part) for node in (made, *splits) for part in ast.walk(node)}
    lines = [
        node.lineno
        for node in ast.walk(scope)
        if isinstance(node, ast.Name) and node.id == name and id(node) not in allowed
    ]
    return min(lines, default=made.lineno)


def _rewrite(
    scope: ast.AST, made: ast.Assign, splits: list[ast.AST], migration: Migration, text: str
) -> None:
    lines = text.split("\n")
    streams: list[str] = []
    edits: list[Edit] = []
    counters: dict[ast.AST, str] = {}
    taken = {node.id for node in ast.walk(scope) if isinstance(node, ast.Name)}
    variable = "streams" if "streams" not in taken else f"{migration.name}_streams"
    for node in splits:
        assert isinstance(node, ast.Assign)
        loops = _loops(scope, node)
        if len(loops) > 1 or any(isinstance(loop, ast.While) for loop in loops):
            migration.reason = (
                f"the split at line {node.lineno} stands in nested loops or in a `while`"
            )
            return
        step = "0"
        if loops:
            step = _counter(loops[0], counters, taken, edits)
            if not step:
                migration.reason = (
                    f"the loop at line {loops[0].lineno} has no plain variable to count with"
                )
                return
        if lines[node.lineno - 1][: node.col_offset].strip():
            migration.reason = f"the split at line {node.lineno} shares its line"
            return
        edits.append(_named(node, migration.name, variable, step, streams))
    seed = ast.unparse(made.value.args[0]) if isinstance(made.value, ast.Call) else "0"
    names = ", ".join(f'"{name}"' for name in streams)
    edits.append(_over(made, f"{variable} = ks.Streams({seed}, {names})"))
    migration.streams, migration.edits = streams, edits


def _loops(scope: ast.AST, node: ast.AST) -> list[ast.For | ast.While]:
    """The loops of a scope around a node, outermost first."""
    return [
        loop
        for loop in _own(scope)
        if isinstance(loop, ast.For | ast.While) and any(part is node for part in ast.walk(loop))
    ]


def _counter(
    loop: ast.For | ast.While, counters: dict[ast.AST, str], taken: set[str], edits: list[Edit]
) -> str:
    """The variable that counts a loop's turns; one is added where there is none."""
    if loop in counters:
        return counters[loop]
    if not isinstance(loop, ast.For):
        return ""
    called = ast.unparse(loop.iter.func) if isinstance(loop.iter, ast.Call) else ""
    if called == "range" and isinstance(loop.target, ast.Name):
        name = loop.target.id
        if name == "_":
            name = "step" if "step" not in taken else "turn"
            edits.append(_over(loop.target, name))
    elif (
        called == "enumerate"
        and isinstance(loop.target, ast.Tuple)
        and isinstance(loop.target.elts[0], ast.Name)
    ):
        name = loop.target.elts[0].id
    else:
        name = "step" if "step" not in taken else "turn"
        target = ast.unparse(loop.target)
        edits.append(_over(loop.target, f"{name}, {target}"))
        edits.append(_over(loop.iter, f"enumerate({ast.unparse(loop.iter)})"))
    taken.add(name)
    counters[loop] = name
    return name


def _named(node: ast.Assign, key: str, variable: str, step: str, streams: list[str]) -> Edit:
    """The keys of one split, each by the name of its stream."""
    target = node.targets[0]
    assert isinstance(target, ast.Tuple)
    indent = " " * node.col_offset
    rows: list[str] = []
    for part in target.elts:
        assert isinstance(part, ast.Name)
        if part.id in (key, "_"):
            continue
        stream = _stream(part.id, streams)
        streams.append(stream)
        rows.append(f'{part.id} = {variable}.key("{stream}", {step})')
    return _over(node, f"\n{indent}".join(rows) if rows else "pass")


def _stream(name: str, streams: list[str]) -> str:
    """A stream's name from a key's: ``dropout_key`` is ``dropout``."""
    bare = (
        re.sub(r"^(?:key|rng|prng|k)_|_?(?:sub)?(?:key|rng|prng)\d*$", "", name.strip("_"))
        or "main"
    )
    if bare in _RESERVED:
        bare = f"{bare}_keys"
    found, number = bare, 2
    while found in streams:
        found, number = f"{bare}_{number}", number + 1
    return found


def _over(node: ast.expr | ast.stmt, new: str) -> Edit:
    return Edit(
        (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0), new
    )


def _import(tree: ast.Module) -> Edit:
    """``import keystream as ks`` after the last import at the top."""
    last = 0
    for node in tree.body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Import | ast.ImportFrom) or (is_text and not last):
            last = node.end_lineno or last
        else:
            break
    return Edit((last + 1, 0), (last + 1, 0), "import keystream as ks\n")
