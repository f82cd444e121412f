"""Inject one randomness mistake at a time into checkouts of real programs, and count what lint names.

    python benchmarks/mutants.py FOLDER_OF_CHECKOUTS [--most 12] [--operator NAME] [--show]

Each folder below FOLDER is one repository. A mutant is one edit of one file that lint finds clean
around the edit; tests, documentation and benchmarks are left out. It counts as named where lint gives
an error or a warning that the original does not have, with a place in the edited statement, or in a
statement of the same function that uses a name of its keys. No code of the repositories is kept.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from keystream._linter.config import Config
from keystream._linter.engine import Worker, find_files

Edit = tuple[ast.AST, str]  # what is replaced, and by what


@dataclass(frozen=True)
class Mutant:
    """One edit.

    Attributes:
        operator: that made it.
        edits: what is replaced by what.
        statement: around the edit.
        names: of the keys that the edit concerns.
        function: around the statement.
    """

    operator: str
    edits: tuple[Edit, ...]
    statement: ast.stmt
    names: frozenset[str]
    function: ast.AST


class Source:
    """One file with its parents, functions and loops."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, nearest first."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that holds a node."""
        return next(n for n in (node, *self.above(node)) if isinstance(n, ast.stmt))

    def function(self, node: ast.AST) -> ast.AST:
        """The function that a node stands in, or the module."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)
        return next(n for n in self.above(node) if isinstance(n, kinds))

    def loop(self, node: ast.AST) -> ast.AST | None:
        """The loop of the same function that a node stands in."""
        for other in self.above(node):
            if isinstance(other, ast.For | ast.While):
                return other
            if isinstance(other, ast.FunctionDef | ast.Lambda):
                return None
        return None

    def replaced(self, edits: tuple[Edit, ...]) -> str:
        """The text with some nodes replaced."""
        lines = self.text.encode().split(b"\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        data = self.text.encode()
        spans = [
            (
                starts[node.lineno - 1] + node.col_offset,
                starts[node.end_lineno - 1] + node.end_col_offset,
                new,
            )
            for node, new in edits
        ]
        for start, end, new in sorted(spans, reverse=True):
            data = data[:start] + new.encode() + data[end:]
        return data.decode()


def _called(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    return getattr(function, "attr", getattr(function, "id", ""))


def _is_split(node: ast.AST) -> bool:
    """Whether a call is JAX's split of a key, by whatever alias."""
    if not (isinstance(node, ast.Call) and _called(node) == "split" and node.args):
        return False
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return owner is not None and any(
        word in ast.unparse(owner) for word in ("random", "jr", "jrandom", "jrd", "jrnd")
    )


def _names(node: ast.AST) -> frozenset[str]:
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))


def _unpacked(source: Source) -> Iterator[tuple[ast.Assign, ast.Call, list[str]]]:
    """Assignments of the children of a split to names."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assign) and _is_split(node.value) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Tuple) and all(isinstance(e, ast.Name) for e in target.elts):
                yield node, node.value, [e.id for e in target.elts]


def _loads(source: Source, name: str, around: ast.AST, after: int) -> list[ast.Name]:
    return [
        n
        for n in ast.walk(around)
        if isinstance(n, ast.Name)
        and n.id == name
        and isinstance(n.ctx, ast.Load)
        and n.lineno > after
    ]


def split_deleted(source: Source) -> Iterator[Mutant]:
    """``a, b = split(key)`` becomes ``a = b = key``: outside of loops."""
    for node, call, names in _unpacked(source):
        if source.loop(node) is not None or not isinstance(call.args[0], ast.Name):
            continue
        around = source.function(node)
        key = call.args[0].id
        if all(_loads(source, name, around, node.lineno) for name in names if name != key):
            new = " = ".join([*(name for name in names if name != key), key])
            if len(names) > 1 and (key not in names or _loads(source, key, around, node.lineno)):
                yield Mutant(
                    "split deleted", ((node, new),), node, frozenset([*names, key]), around
                )


def no_split_in_loop(source: Source) -> Iterator[Mutant]:
    """``key, sub = split(key)`` in a loop becomes ``sub = key``."""
    for node, call, names in _unpacked(source):
        if source.loop(node) is None or not isinstance(call.args[0], ast.Name):
            continue
        key = call.args[0].id
        others = [name for name in names if name != key]
        around = source.function(node)
        if key in names and others and all(_loads(source, n, source.loop(node), 0) for n in others):
            new = " = ".join([*others, key])
            yield Mutant("no split in the loop", ((node, new),), node, frozenset(names), around)


def constant_key_in_loop(source: Source) -> Iterator[Mutant]:
    """``key, sub = split(key)`` in a loop becomes ``sub = PRNGKey(0)``."""
    for node, call, names in _unpacked(source):
        if source.loop(node) is None or not isinstance(call.args[0], ast.Name):
            continue
        key = call.args[0].id
        others = [name for name in names if name != key]
        if key in names and others and isinstance(call.func, ast.Attribute):
            made = f"{ast.unparse(call.func.value)}.PRNGKey(0)"
            new = " = ".join([*others, made])
            around = source.function(node)
            if all(_loads(source, n, source.loop(node), 0) for n in others):
                yield Mutant(
                    "constant key in a loop", ((node, new),), node, frozenset(names), around
                )


def sibling_used(source: Source) -> Iterator[Mutant]:
    """A use of one child of a split becomes a use of its sibling, which is used as well."""
    for node, call, names in _unpacked(source):
        around = source.function(node)
        used = {n: _loads(source, n, around, node.lineno) for n in names}
        singles = [n for n in names if len(used[n]) >= 1]
        if len(singles) >= 2 and len(used[singles[1]]) == 1:
            place = used[singles[1]][0]
            yield Mutant(
                "sibling used",
                ((place, singles[0]),),
                source.statement(place),
                frozenset(singles[:1]) | _names(call),
                around,
            )


def fold_dropped(source: Source) -> Iterator[Mutant]:
    """``fold_in(key, i)`` becomes ``key``."""
    for node in ast.walk(source.tree):
        if _called(node) == "fold_in" and isinstance(node, ast.Call) and len(node.args) == 2:
            statement = source.statement(node)
            names = _names(statement)
            new = ast.unparse(node.args[0])
            yield Mutant("fold_in dropped", ((node, new),), statement, names, source.function(node))


def rngs_dropped(source: Source) -> Iterator[Mutant]:
    """``rngs=...`` of an ``apply`` is left out."""
    for node, keyword in _with_rngs(source):
        parts = [ast.unparse(arg) for arg in node.args]
        parts += [
            f"{k.arg}={ast.unparse(k.value)}" if k.arg else f"**{ast.unparse(k.value)}"
            for k in node.keywords
            if k is not keyword
        ]
        new = f"{ast.unparse(node.func)}({', '.join(parts)})"
        statement = source.statement(node)
        yield Mutant("rngs dropped", ((node, new),), statement, frozenset(), source.function(node))


def rng_for_rngs(source: Source) -> Iterator[Mutant]:
    """``rngs=...`` becomes ``rng=...``."""
    for node, keyword in _with_rngs(source):
        new = f"rng={ast.unparse(keyword.value)}"
        statement = source.statement(node)
        yield Mutant(
            "rng= for rngs=", ((keyword, new),), statement, frozenset(), source.function(node)
        )


def _with_rngs(source: Source) -> Iterator[tuple[ast.Call, ast.keyword]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _called(node) in ("apply", "apply_fn"):
            for keyword in node.keywords:
                if keyword.arg == "rngs" and isinstance(keyword.value, ast.Dict):
                    yield node, keyword


def misspelt(source: Source) -> Iterator[Mutant]:
    """``"dropout"`` in a dictionary of streams becomes ``"droput"``."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Dict):
            continue
        for key in node.keys:
            if isinstance(key, ast.Constant) and key.value == "dropout":
                statement = source.statement(node)
                text = ast.unparse(statement)
                if "rngs" in text or "apply" in text:
                    edits = ((key, '"droput"'),)
                    function = source.function(node)
                    yield Mutant("'dropout' misspelt", edits, statement, _names(node), function)


def inverted(source: Source) -> Iterator[Mutant]:
    """``deterministic=not train`` becomes ``deterministic=train``, and the other way round."""
    for node in ast.walk(source.tree):
        if not (isinstance(node, ast.keyword) and node.arg == "deterministic"):
            continue
        value = node.value
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
            new = ast.unparse(value.operand)
        elif isinstance(value, ast.Name | ast.Attribute):
            new = f"not {ast.unparse(value)}"
        elif isinstance(value, ast.Constant) and isinstance(value.value, bool):
            new = str(not value.value)
        else:
            continue
        statement = source.statement(node)
        edits = ((value, new),)
        yield Mutant("deterministic inverted", edits, statement, frozenset(), source.function(node))


def one_key_for_batch(source: Source) -> Iterator[Mutant]:
    """``vmap(f)(keys, x)`` becomes ``vmap(f, in_axes=(None, 0))(key, x)``."""
    for node in ast.walk(source.tree):
        if not (isinstance(node, ast.Call) and _called(node.func) == "vmap" and node.args):
            continue
        mapped = node.func
        if not isinstance(mapped, ast.Call) or len(mapped.args) != 1 or node.keywords:
            continue
        axes = next((k for k in mapped.keywords if k.arg == "in_axes"), None)
        if len(mapped.keywords) > (axes is not None):
            continue
        around = source.function(node)
        for index, argument in enumerate(node.args):
            parent = _parent_of_keys(source, argument, around)
            if parent is None or any(isinstance(a, ast.Starred) for a in node.args):
                continue
            flags = ["0"] * len(node.args)
            if axes is not None:
                if not isinstance(axes.value, ast.Tuple) or len(axes.value.elts) != len(flags):
                    continue
                flags = [ast.unparse(e) for e in axes.value.elts]
            if flags[index] != "0" or len(flags) < 2:
                continue
            flags[index] = "None"
            given = f"{ast.unparse(mapped.args[0])}, in_axes=({', '.join(flags)},)"
            new = f"{ast.unparse(mapped.func)}({given})"
            edits = ((mapped, new), (argument, parent))
            statement = source.statement(node)
            names = frozenset([parent]) | _names(argument)
            yield Mutant("one key under vmap", edits, statement, names, around)


def _parent_of_keys(source: Source, argument: ast.expr, around: ast.AST) -> str | None:
    """The key that the keys of a batch were split from."""
    call: ast.AST | None = argument
    if isinstance(argument, ast.Name):
        bound = [
            n.value
            for n in ast.walk(around)
            if isinstance(n, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == argument.id for t in n.targets)
        ]
        call = bound[0] if len(bound) == 1 else None
    if call is not None and _is_split(call) and len(call.args) == 2:
        return ast.unparse(call.args[0])
    return None


OPERATORS: tuple[Callable[[Source], Iterator[Mutant]], ...] = (
    split_deleted,
    sibling_used,
    no_split_in_loop,
    constant_key_in_loop,
    one_key_for_batch,
    fold_dropped,
    rngs_dropped,
    rng_for_rngs,
    misspelt,
    inverted,
)


def _counting(findings: object) -> list[tuple[str, str, frozenset[tuple[str, int]]]]:
    return [
        (f.code, f.message, frozenset((p.path, p.line) for p in (*f.locations, *f.related)))
        for f in findings
        if f.counts
    ]


def _wanted_lines(source: Source, mutant: Mutant) -> set[int]:
    lines = set(range(mutant.statement.lineno, mutant.statement.end_lineno + 1))
    if isinstance(mutant.statement, ast.For | ast.While | ast.If | ast.FunctionDef | ast.With):
        lines = {node.lineno for node, _ in mutant.edits}
    for node in ast.walk(mutant.function):
        if isinstance(node, ast.Name) and node.id in mutant.names:
            lines |= _lines_of_use(source, node)
    return lines


def _lines_of_use(source: Source, name: ast.Name) -> set[int]:
    """The lines of the simple statement that uses a name; of one that holds others, the name's line."""
    statement = source.statement(name)
    if hasattr(statement, "body") or hasattr(statement, "cases"):
        return {name.lineno}
    return set(range(statement.lineno, statement.end_lineno + 1))


def judged(worker: Worker, path: Path, source: Source, mutant: Mutant) -> str:
    """``named``, ``missed`` or ``void`` for one mutant; the file is put back."""
    original = path.read_bytes()
    clean = _counting(worker.check(path).findings)
    before = {(code, message) for code, message, _ in clean}
    wanted = _wanted_lines(source, mutant)
    dirty = any(
        line in wanted for _, _, places in clean for shown, line in places if shown == str(path)
    )
    try:
        text = source.replaced(mutant.edits)
        ast.parse(text)
    except (SyntaxError, ValueError):
        return "void"
    if dirty:
        return "void"
    shift = text.count("\n") - source.text.count("\n")
    path.write_text(text)
    try:
        found = _counting(worker.check(path).findings)
    finally:
        path.write_bytes(original)
    last = mutant.statement.end_lineno
    wanted |= {line + shift for line in wanted if line > last}
    for code, message, places in found:
        if (code, message) not in before and any(
            shown == str(path) and line in wanted for shown, line in places
        ):
            return "named"
    return "missed"


def candidates(root: Path, config: Config) -> Iterator[tuple[Path, Source, Mutant]]:
    """All mutants of one repository."""
    for path in find_files([str(root)], config):
        if path.suffix != ".py" or config.is_aside(str(path)):
            continue
        try:
            source = Source(path.read_text())
        except (SyntaxError, UnicodeDecodeError, ValueError):
            continue
        for operator in OPERATORS:
            for mutant in operator(source):
                yield path, source, mutant


def main() -> None:
    """Print how many mutants were named, by operator, and save what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--most", type=int, default=3, help="mutants of one operator in one repository"
    )
    parser.add_argument("--operator", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    chooser = random.Random(options.seed)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    rows: list[dict[str, object]] = []
    for root in sorted(path for path in options.folder.absolute().iterdir() if path.is_dir()):
        os.chdir(root)
        config = Config(root=root)
        worker = Worker(config)
        by_operator: dict[str, list[tuple[Path, Source, Mutant]]] = defaultdict(list)
        for found in candidates(root, config):
            if options.operator in found[2].operator:
                by_operator[found[2].operator].append(found)
        for operator, found in by_operator.items():
            chooser.shuffle(found)
            done = 0
            for path, source, mutant in found:
                if done >= options.most:
                    break
                verdict = judged(worker, path, source, mutant)
                if verdict == "void":
                    continue
                done += 1
                counts[operator][verdict] += 1
                place = f"{path.relative_to(options.folder.absolute())}:{mutant.statement.lineno}"
                rows.append({"operator": operator, "place": place, "verdict": verdict})
                if options.show and verdict == "missed":
                    print(f"missed {operator}: {place}", flush=True)
    total: Counter[str] = Counter()
    for operator in sorted(counts):
        named, missed = counts[operator]["named"], counts[operator]["missed"]
        total.update(counts[operator])
        print(f"{operator:24} {named:4} of {named + missed:4}")
    every = total["named"] + total["missed"]
    print(
        f"{'all':24} {total['named']:4} of {every:4}  {100 * total['named'] / max(1, every):.0f} %"
    )
    if options.output is not None:
        options.output.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
