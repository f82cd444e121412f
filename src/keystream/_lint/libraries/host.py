"""Randomness and clocks of the host: frozen under ``jit``, different in every run as seeds."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._lint.libraries import serving
from keystream._lint.libraries.call import Call
from keystream._lint.symbols import (
    Attribute,
    Called,
    CalledMethod,
    Constant,
    Element,
    Host,
    HostGenerator,
    Item,
    Join,
    Opaque,
    Parameter,
    Seed,
    Slice,
    Symbol,
    Text,
    Value,
    is_operation,
)
from keystream._lint.values import constant_of

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

HOST = "host"  # the implementation of seeds that become generators of NumPy or Python

_GLOBAL = frozenset({"numpy.random", "random"})  # modules whose functions share one generator

# Methods of generators that draw nothing.
_NO_DRAWS = frozenset({"spawn", "get_state", "set_state", "getstate", "setstate", "seed"})


def random(reader: Reader, call: Call) -> Value | None:
    """``numpy.random.normal()``, ``time.time()``: a value that is another in every run or call."""
    if call.name.count(".") > 2:  # a method of a class, which is given an object
        return None
    _note_baked(reader, call, call.name)
    library, _, method = call.name.rpartition(".")
    if library in _GLOBAL and method not in _NO_DRAWS:
        key = serving.next_key(reader, _global(reader, library))
        if key is not None:
            reader.use(key, "draw", call.spelt, call.node)
    return value_of_host(reader, call.name)


def _note_baked(reader: Reader, call: Call, name: str) -> None:
    around = reader.jitted or reader.traced
    if around:
        compiled = bool(reader.jitted)
        reader.fact("host_in_jit", call.node, name=name, around=around[-1], compiled=compiled)


def seeded(reader: Reader, call: Call) -> None:
    """``numpy.random.seed(0)``: what is drawn afterwards can be drawn again."""
    reader.fact("host_seeded", call.node)
    seed = call.argument(0, "seed")
    library = call.name.rpartition(".")[0]
    if isinstance(seed, Symbol) and constant_of(seed, 0) is not None:
        _start(reader, call, _global(reader, library), seed)


def _global(reader: Reader, library: str) -> HostGenerator:
    """The one generator that a library's functions draw from."""
    flag = reader.table.constant(True)
    made = reader.table.symbol(HostGenerator, library, flag, reader.table.constant(library))
    assert isinstance(made, HostGenerator)
    return made


def _start(reader: Reader, call: Call, made: HostGenerator, seed: Symbol) -> None:
    """A generator begins at a seed."""
    if isinstance(seed, Opaque) or host_part(seed):
        return
    key = reader.table.symbol(Seed, seed, HOST)
    reader.route(key, "seed", call.node)
    serving.start_sequence(reader, made, key)


def generator(reader: Reader, call: Call) -> Value:
    """``numpy.random.default_rng(seed)``."""
    given = bool(call.args or call.keywords)
    seeded = given and constant_of(call.argument(0, "seed"), 0) is not None
    flag = reader.table.constant(seeded)
    made = reader.table.symbol(HostGenerator, call.name, flag, reader.fresh("generator"))
    seed = call.argument(0, "seed")
    if seeded and isinstance(seed, Symbol):
        _start(reader, call, made, seed)
    return made


def draw_of_generator(reader: Reader, call: Call) -> Value | None:
    """``generator.normal()``: whatever a generator's method is called, it draws, but for a few."""
    owner = call.owner
    if not isinstance(owner, HostGenerator) or call.name in _NO_DRAWS:
        return reader.fresh("of a generator")
    _note_baked(reader, call, f"numpy.random.Generator.{call.name}")
    key = serving.next_key(reader, owner)
    if key is not None:
        reader.use(key, "draw", call.spelt, call.node)
    if constant_of(owner.seeded, 0) is False:
        return value_of_host(reader, owner.name)
    return reader.fresh("drawn")


def value_of_host(reader: Reader, name: str) -> Symbol:
    """A value that is another in every run."""
    return reader.table.symbol(Host, name, reader.fresh(name))


def hash_of(reader: Reader, call: Call) -> Value | None:
    """``hash(text)``, which Python salts."""
    value = call.argument(0)
    if isinstance(value, Symbol) and stringlike(value):
        return reader.table.symbol(Host, "hash", value)
    return None


def id_of(reader: Reader, call: Call) -> Value:
    """``id(x)``."""
    del call
    return value_of_host(reader, "id")


def print_(reader: Reader, call: Call) -> Value:
    """What is printed can be looked up and given again."""
    note_printed(reader, call)
    return reader.table.constant(None)


def logged(reader: Reader, call: Call) -> None:
    """What a function of a module of logging is given."""
    note_printed(reader, call)


def note_printed(reader: Reader, call: Call) -> None:
    """Note the names that are printed or logged."""
    node = call.node
    if not isinstance(node, ast.Call):
        return
    for value in (*node.args, *(keyword.value for keyword in node.keywords)):
        parts = value.values if isinstance(value, ast.JoinedStr) else [value]
        for part in parts:
            shown = part.value if isinstance(part, ast.FormattedValue) else part
            if isinstance(shown, ast.Name):
                reader.facts.printed.add((reader.frame.node, shown.id))


def stringlike(value: Symbol) -> bool:
    """Whether a value is text, whose hash Python salts."""
    if isinstance(value, Constant):
        return isinstance(value.value, str | bytes)
    if isinstance(value, Called):
        return value.function in ("builtins.str", "builtins.repr")
    if isinstance(value, Parameter | Attribute):
        name = value.name.lower()
        return name in ("name", "path", "text", "label", "word", "token", "title") or name.endswith(
            ("_path", "__name__", "name")
        )
    return isinstance(value, Text)


_CARRY = Item | Slice | Attribute | Called | CalledMethod | Element | Join
_COMPUTE = "Add Sub Mult Mod FloorDiv Div BitAnd BitXor BitOr USub RShift LShift".split()


def host_part(value: Value | None, depth: int = 0) -> Host | None:
    """The part of a value that is another in every run."""
    if not isinstance(value, Symbol) or depth > 12:
        return None
    if isinstance(value, _CARRY) or is_operation(value, *_COMPUTE):
        return next(filter(None, (host_part(part, depth + 1) for part in value.args)), None)
    return value if isinstance(value, Host) else None
