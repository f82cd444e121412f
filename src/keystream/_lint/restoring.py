"""Objects that restore what they had saved, but for the key that they go on with.

``self.params = saved["params"]`` in one method, ``self.key, step_key = split(self.key)`` in another,
and the key itself begins at the seed wherever the object is made.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keystream._evidence.names import dotted, names_bound, names_read
from keystream._lint.scope import Scope
from keystream._lint.symbols import Value
from keystream._lint.values import Function, Made, Reference
from keystream._lint.walking import walk

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

# Functions that read what was saved: of Python, NumPy, Flax, Equinox, joblib and dill.
_LOADS = frozenset(
    {"pickle.load", "pickle.loads", "dill.load", "joblib.load", "numpy.load", "jax.numpy.load",
     "json.load", "flax.serialization.from_bytes", "flax.serialization.msgpack_restore",
     "flax.serialization.from_state_dict", "flax.training.checkpoints.restore_checkpoint",
     "equinox.tree_deserialise_leaves"}
)  # fmt: skip
_SEEDS = frozenset({"jax.random.key", "jax.random.PRNGKey"})
_SPLIT = "jax.random.split"
_WHOLE = frozenset({"__dict__", "setattr", "update", "replace"})  # may set any attribute


@dataclass(frozen=True, slots=True)
class _Method:
    """A method by what it does to the attributes of its object."""

    node: ast.FunctionDef | ast.AsyncFunctionDef
    sets: frozenset[str]
    goes_on: frozenset[str]  # set from what they were: self.step += 1
    chained: frozenset[str]  # split, and set to a child of their own
    seeded: bool  # it makes a key of a seed
    loads: bool  # it reads what was saved
    whole: bool  # it may set any attribute


def check_restored(reader: Reader, node: ast.ClassDef) -> None:
    """Does a method restore what others go on with, and leave out the key that they split on?"""
    defined = [each for each in node.body if isinstance(each, ast.FunctionDef)]
    initialiser = next((each for each in defined if each.name in ("__init__", "setup")), None)
    if initialiser is None:
        return
    first = _read(reader.scope, initialiser)
    if not first.seeded:
        return  # as most do: the other methods need no reading
    methods = [first if each is initialiser else _read(reader.scope, each) for each in defined]
    others = [each for each in methods if each is not first and not each.loads]
    keys = frozenset().union(*(each.chained for each in others)) & first.sets
    state = frozenset().union(*(each.goes_on for each in others)) - keys
    for method in methods:
        if method is first or not method.loads or method.whole:
            continue
        left_out = sorted(keys - method.sets)
        restored = sorted(method.sets & state)
        if left_out and restored:
            data = {"key": left_out[0], "restored": restored[0], "method": method.node.name}
            reader.fact("key_not_restored", method.node, **data)


def _read(scope: Scope, node: ast.FunctionDef | ast.AsyncFunctionDef) -> _Method:
    own = node.args.args[0].arg if node.args.args else ""
    sets, goes_on, chained = set[str](), set[str](), set[str]()
    called, names, loads = set[str](), set[str](), False
    for part in walk(node):
        if isinstance(part, ast.Call):
            called.add(_name(scope, part.func))
            loads = loads or _is_load(scope, part.func)
            names.add(dotted(part.func).rpartition(".")[2])
        elif isinstance(part, ast.Attribute):
            names.add(part.attr)
        bound = _bound(part, own)
        sets |= bound
        value = getattr(part, "value", None)
        if bound and isinstance(value, ast.expr):
            kept = bound if isinstance(part, ast.AugAssign) else bound & names_read(value)
            goes_on |= kept
            if isinstance(value, ast.Call) and _name(scope, value.func) == _SPLIT:
                chained |= kept
    return _Method(
        node,
        frozenset(sets),
        frozenset(goes_on),
        frozenset(chained),
        seeded=bool(called & _SEEDS),
        loads=loads,
        whole=bool(names & _WHOLE),
    )


def _bound(part: ast.AST, own: str) -> set[str]:
    """The attributes of its object that an assignment sets."""
    targets: list[ast.expr] = []
    if isinstance(part, ast.Assign):
        targets = part.targets
    elif isinstance(part, ast.AugAssign | ast.AnnAssign):
        targets = [part.target]
    names = (name for target in targets for name in names_bound(target))
    return {name for name in names if name.startswith(f"{own}.")}


def _is_load(scope: Scope, function: ast.expr, *, deep: bool = True) -> bool:
    """Whether a call reads what was saved: a library's function, or one of the project that calls it."""
    if _name(scope, function) in _LOADS:
        return True
    value = _value(scope, function)
    if not deep or not isinstance(value, Function):
        return False
    calls = (part for part in walk(value.node) if isinstance(part, ast.Call))
    return any(_is_load(value.scope, each.func, deep=False) for each in calls)


def _value(scope: Scope, function: ast.expr) -> Value | None:
    """A function of the project by its name, or by that of its module and its own."""
    root, _, rest = dotted(function).partition(".")
    value = scope.find(root) if root else None
    if rest and isinstance(value, Made) and value.name == "module" and value.place is not None:
        return value.place.names.get(rest)
    return None if rest else value


def _name(scope: Scope, function: ast.expr) -> str:
    """What a call calls in a library; empty for anything else."""
    root, _, rest = dotted(function).partition(".")
    value = scope.find(root) if root else None
    if not isinstance(value, Reference):
        return ""
    return f"{value.name}.{rest}" if rest else value.name
