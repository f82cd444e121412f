"""Keys in a field of a training state: `Streams` take the field, and the state counts the steps."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from keystream._lint.repairs import Edit
from keystream._migrate.editing import after, over
from keystream._migrate.keys import FOLD, SPLIT
from keystream._migrate.module import Module, Refused, argument, dotted

_RECORDS = frozenset({"NamedTuple", "TrainState", "PyTreeNode", "Module", "dataclass", "TypedDict"})
_REPLACES = frozenset({"replace", "_replace", "apply_gradients"})
STEP, STREAMS = "step", "streams"


@dataclass(frozen=True, slots=True)
class State:
    """A class of states with a key among its fields.

    Attributes:
        cls: the class.
        row: the field's.
        name: of the field.
        place: of the field.
        step: the field in which the states count their steps; empty for none.
    """

    cls: ast.ClassDef
    row: ast.AnnAssign
    name: str
    place: int
    step: str

    def given(self, module: Module, use: ast.AST) -> tuple[ast.Call, ast.keyword | None] | None:
        """The call that makes or replaces a state with a key, where that is what a key is used for."""
        outer = module.parents[use]
        word = outer if isinstance(outer, ast.keyword) else None
        call = module.parents[outer] if word else outer
        if not isinstance(call, ast.Call) or call.func is use:
            return None
        called = dotted(call.func)
        makes = called in (self.cls.name, f"{self.cls.name}.create")
        if word is not None:
            fits = makes or called.rpartition(".")[2] in _REPLACES
            return (call, word) if fits and word.arg == self.name else None
        fits = called == self.cls.name and use in call.args and call.args.index(use) == self.place  # type: ignore[arg-type]
        return (call, None) if fits else None

    def edits(self, module: Module, prefix: str) -> list[Edit]:
        """The class with its new fields."""
        found = [over(self.row.target, STREAMS), over(self.row.annotation, f"{prefix}.Streams")]
        if not self.step:
            found.append(after(module, self.row, f"{STEP}: {module.source(self.row.annotation)}"))
        return found


def states(module: Module) -> list[State]:
    """The classes of a file whose field is a key that is split or folded."""
    fields = {
        field.attr
        for node in ast.walk(module.tree)
        if module.called(node) in (SPLIT, FOLD) and isinstance(node, ast.Call)
        for field in _fields(module, node)
        if dotted(field.value) != "self"
    }
    classes = [node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
    found = [state for cls in classes if (state := _state(module, cls, fields))]
    names = [state.name for state in found]
    return [state for state in found if names.count(state.name) == 1]


def _fields(module: Module, call: ast.Call) -> Iterator[ast.Attribute]:
    """The field that a key is taken from, also by way of a variable."""
    key = argument(call, 0, "key")
    if isinstance(key, ast.Attribute):
        yield key
    elif isinstance(key, ast.Name):
        for use in module.uses(module.scope(call), key.id):
            statement = module.statement(use)
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Attribute):
                yield statement.value


def reads(module: Module, state: State) -> Iterator[ast.Attribute]:
    """Where a state's key is read."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr == state.name:
            if dotted(node).split(".")[0] in module.imported:
                continue  # jax.random.key
            if not isinstance(node.value, ast.Name) or isinstance(node.ctx, ast.Store):
                raise Refused(
                    node, f"`{dotted(node)}` is no field of a plain variable that is only read"
                )
            yield node


def _state(module: Module, cls: ast.ClassDef, fields: set[str]) -> State | None:
    heads = [*cls.bases, *cls.decorator_list]
    names = {
        dotted(head.func if isinstance(head, ast.Call) else head).rpartition(".")[2]
        for head in heads
    }
    if not names & _RECORDS:
        return None
    rows = [
        row
        for row in cls.body
        if isinstance(row, ast.AnnAssign) and isinstance(row.target, ast.Name)
    ]
    found = [dotted(row.target) for row in rows]
    keys = [name for name in found if name in fields]
    if len(keys) != 1:
        return None
    row = rows[found.index(keys[0])]
    counts = STEP in found or "TrainState" in names
    step = STEP if counts else _counter(module, cls.name, found, keys[0])
    return State(cls, row, keys[0], found.index(keys[0]), step)


def _counter(module: Module, cls: str, fields: list[str], key: str) -> str:
    """The field that begins at a number, and that is moved on whenever a state gets its key."""
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    made = [call for call in calls if dotted(call.func) == cls]
    replaced = [
        call
        for call in calls
        if dotted(call.func).rpartition(".")[2] in _REPLACES
        and any(word.arg == key for word in call.keywords)
    ]
    for place, name in enumerate(fields):
        values = [argument(call, place, name) for call in made]
        values += [argument(call, len(call.args), name) for call in replaced]
        moved = [_is_moved(value, name) for value in values]
        if any(moved) and all(
            on or _is_number(value) for on, value in zip(moved, values, strict=True)
        ):
            return name
    return ""


def _is_moved(value: ast.expr | None, name: str) -> bool:
    match value:
        case ast.BinOp(left=ast.Attribute(attr=attr), op=ast.Add(), right=right):
            return attr == name and _is_number(right) and ast.unparse(right) != "0"
        case _:
            return False


def _is_number(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and type(value.value) is int
