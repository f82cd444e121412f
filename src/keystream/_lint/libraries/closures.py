"""Keys that a compiled function closes over: constants of it, whatever becomes of the name later."""

from __future__ import annotations

import ast
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keystream._lint.facts import Site
from keystream._lint.libraries.call import Call
from keystream._lint.state import exclusive
from keystream._lint.symbols import (
    Child,
    Item,
    NextKey,
    Opaque,
    Parameter,
    Seed,
    StreamKey,
    Symbol,
    Value,
)
from keystream._lint.values import Function, Instance, Sequence, Wrapped, constant_of, is_constant

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


@dataclass(slots=True, eq=False)
class Compiling:
    """The outermost compiled call that is being read.

    Attributes:
        wrapped: the compiled function.
        frames: how many functions were being read when it was called.
        serial: the number of the latest unknown value then.
        inside: whether it was called in a loop of JAX.
    """

    wrapped: Wrapped
    frames: int
    serial: int
    inside: bool


def bound_argument(wrapped: Wrapped) -> Instance | None:
    """The object whose method is compiled, where it is an argument and no constant."""
    function = wrapped.function
    if not (isinstance(function, Function) and isinstance(function.bound, Instance)):
        return None
    if "self" not in wrapped.options and wrapped.name == "jax.jit":
        return None  # jit(self.method) closes over the object
    for name in ("static_argnums", "static_argnames"):
        value = wrapped.options.get(name)
        parts = value.items if isinstance(value, Sequence) else [value]
        if any(constant_of(part) in ("self", 0) for part in parts if part is not None):
            return None
    return function.bound


def _identity(wrapped: Wrapped) -> int:
    """One number for a compiled function; a method is bound anew each time it is looked up."""
    owner = wrapped.options.get("self")
    return id(wrapped) if not isinstance(owner, Instance) else hash((wrapped.node, owner.symbol))


@contextmanager
def compiled(reader: Reader, wrapped: Wrapped) -> Generator[None]:
    """Read a call of a compiled function."""
    outer = reader.compiling
    if outer is None:
        serial = reader.fresh("compiled").serial
        reader.compiling = Compiling(wrapped, len(reader.frames), serial, bool(reader.traced))
        calls = reader.compiled.setdefault(_identity(wrapped), (wrapped, []))[1]
        calls.append(tuple(reader.arms))
    try:
        yield
    finally:
        reader.compiling = outer


def note_baked(reader: Reader, key: Symbol, call: Call, name: str, text: str) -> bool:
    """Note a draw from a key that is a constant of the compiled function; whether it repeats."""
    if not reader.jitted or any(mapped.kind != "vmap" for mapped in reader.mapped):
        return False  # replicas: KS301
    again = _is_closed_over(reader, key)
    if again or (not reader.mapped and _is_literal(reader, key)):
        reader.fact(
            "key_baked",
            call.node,
            name=name,
            jitted=reader.jitted[0],
            text=text,
            origins=reader.origins(key),
        )
    return again


def _is_literal(reader: Reader, key: Symbol) -> bool:
    """Whether a key is made of literals, and is no argument."""
    if not _runs_again(reader):
        return False
    while isinstance(key, Child | StreamKey | Item | NextKey):
        if key in reader.jit_arguments or key.parent is None:
            return False
        index = key.index if isinstance(key, Child | Item) else None
        if index is not None and not is_constant(index):
            return False
        key = key.parent
    return (
        isinstance(key, Seed)
        and key not in reader.jit_arguments
        and key not in reader.default_keys
        and isinstance(constant_of(key.number), int)
    )


def _runs_again(reader: Reader) -> bool:
    """Whether the compiled call that is being read stands in a loop, or is not the first."""
    compiling = reader.compiling
    if not isinstance(compiling, Compiling):
        return _takes_arguments(reader.jitted[0])
    if any(site.turns for site in reader.chain):
        return True
    return len(reader.compiled[_identity(compiling.wrapped)][1]) > 1


def _takes_arguments(jitted: Site) -> bool:
    """Whether a compiled function has parameters: without any it makes something once."""
    function = jitted.callee
    while isinstance(function, Wrapped):
        function = function.function
    if not isinstance(function, Function):
        return True
    arguments = function.node.args
    names = {p.arg for p in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    return bool(names - {"self"}) or arguments.vararg is not None


def _is_closed_over(reader: Reader, key: Symbol) -> bool:
    """Whether the compiled function took its key from around it, and is called more than once."""
    compiling = reader.compiling
    if not isinstance(compiling, Compiling) or compiling.inside:
        return False
    calls: list[Any] = reader.compiled[_identity(compiling.wrapped)][1]
    if not any(not exclusive(earlier, tuple(reader.arms)) for earlier in calls[:-1]):
        return False
    own = {frame.node for frame in reader.frames[compiling.frames :]}
    return _is_outer(reader, key, own, compiling.serial)


def _is_outer(
    reader: Reader, value: Symbol, own: set[ast.AST], serial: int, depth: int = 0
) -> bool:
    """Whether a value was there before the compiled call, and is no argument of it."""
    if value in reader.jit_arguments or value in reader.default_keys or depth > 20:
        return False
    if isinstance(value, Child) and reader.children(value.key) in reader.jit_arguments:
        return False  # one of the keys of an argument
    if isinstance(value, Opaque):
        return value.serial <= serial
    if isinstance(value, Parameter) and value.function in own:
        return False
    if isinstance(value, Seed):
        sites = [site for kind, site in reader.routes.get(value, ()) if kind == "seed"]
        if not sites or sites[-1].around in own:
            return False
    return all(
        _is_outer(reader, part, own, serial, depth + 1)
        for part in value.args
        if isinstance(part, Symbol)
    ) and not any(isinstance(part, Value) and not isinstance(part, Symbol) for part in value.args)
