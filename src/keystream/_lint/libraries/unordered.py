"""Sets, and listings of folders: collections whose order is another in each run or on each machine."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call
from keystream._lint.libraries.host import stringlike
from keystream._lint.symbols import (
    Attribute,
    Child,
    Element,
    KeyArray,
    Leaf,
    Listed,
    Parameter,
    Seed,
    Stack,
    Symbol,
    Value,
)
from keystream._lint.values import Made, Mapping, Sequence, constant_of
from keystream._lint.walking import walk

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


def made_set(reader: Reader, items: list[Value], node: ast.AST, why: str = "") -> Made:
    """A collection without an order; `why` says which, where it is no set."""
    words: dict[str, Value] = {"why": reader.table.constant(why)} if why else {}
    return Made("set", items, words, node, reader.fresh("set"), reader.site(node))


def set_of(reader: Reader, call: Call) -> Value:
    """``set(iterable)``."""
    value = call.args[0] if call.args else None
    return made_set(reader, _items(reader, value), call.node)


def _items(reader: Reader, value: Value | None) -> list[Value]:
    if isinstance(value, Sequence):
        return list(value.items)
    if isinstance(value, Mapping):
        return [reader.table.constant(name) for name in value.items]
    if isinstance(value, Made) and value.name == "set":
        return list(value.args)
    if isinstance(value, Listed | Attribute | Parameter):
        return [reader.iteration.elem(value, 1)]
    return []


def combined(reader: Reader, call: Call) -> Value:
    """``names.union(others)`` and the like."""
    return made_set(reader, _items(reader, call.owner), call.node)


def changed(reader: Reader, call: Call) -> Value:
    """``names.update(others)``."""
    del call
    return reader.table.constant(None)


def operator(reader: Reader, node: ast.BinOp, left: Value, right: Value) -> Value | None:
    """``names | others``, ``names - others``."""
    if not any(isinstance(side, Made) and side.name == "set" for side in (left, right)):
        return None
    return made_set(reader, _items(reader, left) or _items(reader, right), node)


def listing(reader: Reader, call: Call) -> Value:
    """``os.listdir(folder)``."""
    return made_set(reader, [], call.node, "a listing of files, which no system promises")


def sort(reader: Reader, call: Call) -> None:
    """``listing.sort()``: its order is known from here on."""
    del reader
    assert isinstance(call.owner, Made)
    call.owner.name = "sorted"


def is_unordered(value: Value) -> bool:
    """Whether a collection's order differs from run to run: a set of text, a listing of files."""
    if not (isinstance(value, Made) and value.name == "set"):
        return False
    if "why" in value.keywords:
        return True
    return bool(value.args) and all(map(_is_text, value.args))


def _is_text(value: Value) -> bool:
    if isinstance(constant_of(value), str):
        return True
    of = value.parent if isinstance(value, Element | Leaf) else None
    if of is not None:
        name = of.name.lower() if isinstance(of, Parameter | Attribute) else ""
        return name.endswith(("names", "labels", "words", "tokens", "paths"))
    return isinstance(value, Symbol) and stringlike(value)


def hands_out_keys(iterable: Value, loop: ast.AST) -> Made | None:
    """The unordered collection that a loop pairs with keys; None where it pairs none."""
    if not isinstance(iterable, Made):
        return None
    if is_unordered(iterable):
        return iterable if any(map(_advances, walk(loop))) else None
    if iterable.name == "enumerate" and iterable.args and isinstance(iterable.args[0], Made):
        inner = iterable.args[0]
        counter = _first_name(getattr(loop, "target", None))
        if is_unordered(inner):
            return inner if _chosen_by(counter, loop) else hands_out_keys(inner, loop)
        return hands_out_keys(inner, loop)
    if iterable.name == "zip":
        unordered = next((part for part in iterable.args if is_unordered(part)), None)
        if isinstance(unordered, Made) and any(map(are_keys, iterable.args)):
            return unordered
    return None


def are_keys(value: Value) -> bool:
    """Whether a value is keys, or a list of them."""
    if isinstance(value, Sequence):
        return bool(value.items) and all(map(are_keys, value.items[:2]))
    if isinstance(value, Listed):
        return are_keys(value.first)
    return isinstance(value, Stack | KeyArray | Child | Seed)


def _first_name(target: ast.expr | None) -> str:
    if isinstance(target, ast.Tuple) and target.elts and isinstance(target.elts[0], ast.Name):
        return target.elts[0].id
    return ""


def _advances(part: ast.AST) -> bool:
    """Whether this takes the next key of a chain or sequence."""
    if isinstance(part, ast.Assign) and _called(part.value) == "split":
        names = {name.id for t in part.targets for name in walk(t) if isinstance(name, ast.Name)}
        return any(isinstance(n, ast.Name) and n.id in names for n in walk(part.value))
    if isinstance(part, ast.Call):
        name = _called(part)
        given = " ".join(map(ast.unparse, part.args)) if name == "next" else ""
        return name in ("next_key", "next_rng_key") or "key" in given or "rng" in given
    return False


def _called(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    return getattr(function, "attr", getattr(function, "id", ""))


def _chosen_by(counter: str, loop: ast.AST) -> bool:
    """Whether a counter chooses the key of a turn: folded into one, or an index of keys."""
    if not counter:
        return False
    for part in walk(loop):
        if isinstance(part, ast.Call) and _called(part) == "fold_in":
            chosen = part.args[1:]
        elif isinstance(part, ast.Subscript) and "key" in ast.unparse(part.value).lower():
            chosen = [part.slice]
        else:
            continue
        if any(isinstance(n, ast.Name) and n.id == counter for arg in chosen for n in walk(arg)):
            return True
    return False


def check_loop(reader: Reader, node: ast.AST, iterable: Value) -> None:
    """Note a loop that pairs keys with what has no order."""
    found = hands_out_keys(iterable, node)
    if found is not None:
        why = constant_of(found.keywords.get("why"))
        reader.fact("set_order", getattr(node, "iter", node), made=found.place, why=why)
