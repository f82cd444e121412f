"""How keys are made and split, and where a program hands them on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from keystream._migrate.module import Module, argument, own

MAKES = frozenset({"jax.random.key", "jax.random.PRNGKey"})
SPLIT = "jax.random.split"
FOLD = "jax.random.fold_in"


@dataclass(frozen=True, slots=True)
class Split:
    """A statement that splits a key into variables.

    Attributes:
        statement: the assignment.
        key: what is split.
        targets: the variables, of which a starred one takes the rest.
        count: how many there are, as text.
    """

    statement: ast.Assign
    key: ast.expr
    targets: tuple[ast.expr, ...]
    count: str


def splits(module: Module, scope: ast.AST) -> Iterator[Split]:
    """The splits of a scope into variables."""
    for node in own(scope):
        if not isinstance(node, ast.Assign) or module.called(node.value) != SPLIT:
            continue
        call, target = node.value, node.targets[0]
        assert isinstance(call, ast.Call)
        key = argument(call, 0, "key")
        if key is not None and len(node.targets) == 1 and isinstance(target, ast.Tuple | ast.List):
            yield Split(node, key, tuple(target.elts), count(module, call))


def count(module: Module, split: ast.Call) -> str:
    """How many keys a split makes, as text."""
    number = argument(split, 1, "num")
    return "2" if number is None else module.source(number)


def seed(module: Module, made: ast.expr) -> str:
    """What `Streams` is made of in place of a key: the seed, or a key that is folded from one."""
    if module.called(made) == FOLD:
        assert isinstance(made, ast.Call)
        key = argument(made, 0, "key")
        return module.source(made) if key is not None and seed(module, key) else ""
    if module.called(made) not in MAKES or not isinstance(made, ast.Call):
        return ""
    value = argument(made, 0, "seed")
    return "" if value is None else module.source(value)


def options(made: ast.expr) -> str:
    """The implementation that a key was asked for."""
    words = made.keywords if isinstance(made, ast.Call) else []
    return "".join(f", impl={ast.unparse(word.value)}" for word in words if word.arg == "impl")
