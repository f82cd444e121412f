"""Python's own functions and containers, and NumPy's that only rearrange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystream._lint.iteration import MAX_UNROLLED
from keystream._lint.libraries.call import Call
from keystream._lint.libraries.paths import leaf
from keystream._lint.libraries.signatures import Repeats
from keystream._lint.symbols import (
    Attribute,
    Called,
    CalledMethod,
    Child,
    Constant,
    Mask,
    Range,
    Repeated,
    Seed,
    Symbol,
    Value,
)
from keystream._lint.values import (
    Instance,
    Made,
    Mapping,
    Partial,
    Reference,
    Sequence,
    constant_of,
)

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_SCALARS = {"int": int, "float": float, "str": str, "bool": bool}
_CONTAINERS = frozenset({"tuple", "list", "dict", "set"})
_NUMBERS = {"int": int, "round": round, "abs": abs, "float": float}


def is_instance(reader: Reader, call: Call) -> Value | None:
    """``isinstance(seed, int)``: known of literals, and of keys, which are nothing of Python's."""
    if len(call.args) != 2:
        return None
    value, given = call.args
    kinds = given.items if isinstance(given, Sequence) else [given]
    names = [each.name.removeprefix("builtins.") for each in kinds if isinstance(each, Reference)]
    if len(names) < len(kinds) or not {*names} <= {*_SCALARS, *_CONTAINERS}:
        return None
    if isinstance(value, Constant):
        classes = tuple(_SCALARS[name] for name in names if name in _SCALARS)
        return reader.table.constant(isinstance(value.value, classes))
    return reader.table.constant(False) if isinstance(value, Seed | Child) else None


def partial(reader: Reader, call: Call) -> Value | None:
    """``functools.partial(f, *args, **keywords)``."""
    del reader
    if not call.args:
        return None
    keywords = {name: value for name, value in call.keywords.items() if name != "**"}
    return Partial(call.args[0], call.args[1:], keywords)


def number(reader: Reader, call: Call) -> Value | None:
    """``int(x)``, ``round(x)`` of a literal."""
    value = constant_of(call.argument(0))
    if not isinstance(value, int | float) or len(call.args) != 1:
        return None
    try:
        return reader.table.constant(_NUMBERS[call.short](value))
    except (ValueError, OverflowError):
        return None


def length(reader: Reader, call: Call) -> Value | None:
    """``len(text)`` of a literal: equal for names of one length."""
    value = constant_of(call.argument(0))
    return reader.table.constant(len(value)) if isinstance(value, str) else None


def getattr_(reader: Reader, call: Call) -> Value | None:
    """``getattr(owner, "name")``."""
    name, owner = constant_of(call.argument(1)), call.argument(0)
    if isinstance(name, str) and isinstance(owner, Instance):
        return reader.objects.instance_attribute(owner, name, call.node)
    if isinstance(name, str) and isinstance(owner, Symbol):
        return reader.table.symbol(Attribute, owner, name, reader.version(owner))
    return None


# Iterating.


def range_(reader: Reader, call: Call) -> Value:
    """``range(stop)``, ``numpy.arange(stop)``."""
    if all(isinstance(arg, Symbol) for arg in call.args):
        return reader.table.symbol(Range, tuple(call.args))
    return reader.fresh("range", *call.args)


def zip_(reader: Reader, call: Call) -> Value:
    """``zip(*iterables)``."""
    return call.made(
        reader, "zip", [reader.calls.iterated(arg, call.node) for arg in call.args], {}
    )


def enumerate_(reader: Reader, call: Call) -> Value | None:
    """``enumerate(iterable, start)``."""
    if not call.args:
        return None
    start = call.argument(1, "start")
    rest = call.args[1:] if start is None else [start]
    return call.made(
        reader, "enumerate", [reader.calls.iterated(call.args[0], call.node), *rest], {}
    )


def reordered(reader: Reader, call: Call) -> Value:
    """``sorted(values)``: the same ones in an order that is not known."""
    value = call.args[0] if call.args else None
    if isinstance(value, Symbol):
        return reader.table.symbol(Called, call.name, (value,))
    return reader.fresh(call.name, *call.args)


def map_(reader: Reader, call: Call) -> Value | None:
    """``map(function, *iterables)`` is a loop."""
    if len(call.args) < 2:
        return None
    function, *iterables = call.args

    def body(turn: int) -> Value:
        args = [reader.iteration.elem(part, turn) for part in iterables]
        return reader.calls.call(function, args, {}, call.node)

    return reader.fresh("map", reader.calls.iterations(call.node, "map", body))


def tree_map(reader: Reader, call: Call) -> Value | None:
    """``jax.tree.map(function, *trees)`` is a loop over leaves."""
    if len(call.args) < 2 or isinstance(call.args[0], Reference):
        return None
    function, *trees = call.args

    def body(turn: int) -> Value:
        leaves: list[Value] = [leaf(reader, tree, turn) for tree in trees]
        return reader.calls.call(function, leaves, {}, call.node)

    result, tree = reader.calls.iterations(call.node, "tree_map", body), trees[0]
    is_key = isinstance(tree, Seed | Child)
    if is_key and isinstance(result, Repeated):
        return reader.table.symbol(Repeated, tree)  # a key repeated over the devices, leaf by leaf
    return reader.fresh("tree", result)


def next_(reader: Reader, call: Call) -> Value | None:
    """``next(iterator)``."""
    value = call.args[0] if call.args else None
    if isinstance(value, Made):
        return reader.calls.call_object(value, "__next__", call)
    return None


def stacked(reader: Reader, call: Call) -> Value | None:
    """``numpy.stack(values)``."""
    value = call.args[0] if call.args else None
    if not isinstance(value, Sequence) or not value.items or value.rest is not None:
        return value if isinstance(value, Symbol) else None
    first = value.items[0]
    if len(value.items) > 1 and all(item is first for item in value.items):
        return Repeats()(reader, Call(call.name, [first], {}, call.node)) or value
    return value


# Methods of containers.


def dict_(reader: Reader, call: Call) -> Value:
    """``dict(pairs, name=value)``."""
    items = {name: value for name, value in call.keywords.items() if name != "**"}
    complete = "**" not in call.keywords
    if not call.args:
        return Mapping(dict(items), complete)
    value = call.args[0]
    reader.calls.loop_over(call.node, value)
    if isinstance(value, Mapping):
        return Mapping({**value.items, **items}, value.complete and complete)
    return reader.fresh("dict", *call.args)


def views(reader: Reader, call: Call) -> Value | None:
    """``mapping.items()``, ``.values()``, ``.keys()``."""
    owner = call.owner
    if isinstance(owner, Symbol):
        return reader.table.symbol(Attribute, owner, call.name)
    if not isinstance(owner, Mapping):
        return None
    if call.name == "items":
        return call.made(reader, "items", [owner], {})
    if call.name == "values":
        return Sequence(list(owner.items.values())) if owner.complete else reader.fresh("values")
    return owner


def get(reader: Reader, call: Call) -> Value | None:
    """``mapping.get(name)``."""
    del reader
    if not isinstance(call.owner, Mapping) or not call.args:
        return None
    name = constant_of(call.args[0])
    return call.owner.items.get(name) if isinstance(name, str | int) else None


def change(reader: Reader, call: Call) -> None:
    """``values.append(value)``, ``mapping.update(other)``: what it holds afterwards is known in part."""
    owner = call.owner
    if isinstance(owner, Sequence):
        if call.name == "append" and not reader.frame.turns and call.args:
            owner.items.append(call.args[0])
        elif call.name == "append" and _is_another_member(owner, call):
            owner.items.append(call.args[0])  # what the two turns of a loop add stands for all
            owner.rest = owner.rest or reader.fresh("changed")
        else:
            owner.rest = reader.fresh("changed")
            owner.items.clear()
    elif isinstance(owner, Mapping):
        owner.complete = False
        if call.name in ("pop", "popitem", "clear"):
            owner.items.clear()


def _is_another_member(owner: Sequence, call: Call) -> bool:
    """Whether an object is added to a list of nothing but objects, of which there are few."""
    objects = all(isinstance(each, Instance) for each in (*owner.items, *call.args))
    began = bool(owner.items) or owner.rest is None
    return objects and began and len(call.args) == 1 and len(owner.items) < MAX_UNROLLED


def copied(reader: Reader, call: Call) -> Value | None:
    """``mapping.copy()``, ``array.reshape(...)``: the same values."""
    del reader
    owner = call.owner
    if isinstance(owner, Mapping):
        return Mapping(dict(owner.items), owner.complete)
    if isinstance(owner, Sequence):
        return Sequence(list(owner.items), owner.rest)
    return owner if isinstance(owner, Symbol) and not isinstance(owner, Constant) else None


def reshaped(reader: Reader, call: Call) -> Value | None:
    """``array.reshape(shape)``: a mask stays a mask."""
    found = copied(reader, call)
    if not isinstance(found, Symbol) or isinstance(found, Mask):
        return found
    if all(isinstance(arg, Symbol) for arg in call.args):
        return reader.table.symbol(CalledMethod, found, call.name, tuple(call.args))
    return None
