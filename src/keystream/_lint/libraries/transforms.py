"""Reader of functions under JAX's transformations, and under those that frameworks build on them."""

from __future__ import annotations

import ast
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from keystream._lint.frames import Mapped
from keystream._lint.libraries.call import Call
from keystream._lint.libraries.closures import bound_argument, compiled
from keystream._lint.libraries.dropout import is_absent, truth
from keystream._lint.libraries.equinox import note_gradient
from keystream._lint.symbols import Value
from keystream._lint.values import (
    Class,
    Function,
    Instance,
    Made,
    Mapping,
    Partial,
    Reference,
    Sequence,
    Wrapped,
    constant_of,
    is_constant,
)
from keystream._lint.walking import walk

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_COLLECTIVES = frozenset({"psum", "pmean", "pmax", "pmin", "psum_scatter", "all_gather"})


def jitted(reader: Reader, call: Call) -> Value:
    """A call of a compiled function."""
    wrapped = _wrapped(call)
    outer = reader.jit_arguments
    given = (*call.args, *call.keywords.values())
    owner = bound_argument(wrapped)
    given = given if owner is None else (*given, owner, owner.symbol)
    inner = {symbol for value in given for symbol in reader.symbols_in(value)}
    reader.jit_arguments = outer | inner
    try:
        with _compiling(reader, call), compiled(reader, wrapped):
            return reader.calls.call(wrapped.function, call.args, call.keywords, call.node)
    finally:
        reader.jit_arguments = outer


def _wrapped(call: Call) -> Wrapped:
    assert isinstance(call.owner, Wrapped)
    return call.owner


@contextmanager
def _compiling(reader: Reader, call: Call) -> Generator[None]:
    reader.jitted.append(reader.site(call.node, _wrapped(call)))
    try:
        yield
    finally:
        reader.jitted.pop()


def gradient(reader: Reader, call: Call) -> Value:
    """``grad(f)(...)``."""
    note_gradient(reader, call)
    return _graded(reader, call)[1]


def value_and_gradient(reader: Reader, call: Call) -> Value:
    """``value_and_grad(f)(...)``."""
    note_gradient(reader, call)
    return Sequence([_graded(reader, call)[0], reader.fresh("gradient")])


def _graded(reader: Reader, call: Call) -> tuple[Value, Value]:
    """What a function returned under a gradient, and what `grad` makes of it."""
    wrapped = _wrapped(call)
    with grading(reader):
        value = reader.calls.call(wrapped.function, call.args, call.keywords, call.node)
    found: Value = reader.fresh("gradient")
    if constant_of(wrapped.options.get("has_aux")) is True:
        parts = value.items if isinstance(value, Sequence) else []
        found = Sequence([found, parts[1] if len(parts) > 1 else reader.fresh("aux")])
    return value, found


@contextmanager
def grading(reader: Reader) -> Generator[None]:
    """What is read inside is differentiated."""
    reader.graded += 1
    try:
        yield
    finally:
        reader.graded -= 1


def differentiated(reader: Reader, call: Call) -> Value | None:
    """``vjp(f, *primals)``, ``linearize``; ``jvp`` takes the primals as one tuple."""
    if len(call.args) < 2:
        return None
    function, *primals = call.args
    if call.name.endswith("jvp") and isinstance(primals[0], Sequence):
        primals = primals[0].items
    with grading(reader):
        value = reader.calls.call(function, primals, {}, call.node)
    return Sequence([value, reader.fresh("vjp")]) if not call.keywords else reader.fresh("vjp")


# Batches and devices.


def vmapped(reader: Reader, call: Call) -> Value:
    """A call of a batched function."""
    wrapped = _wrapped(call)
    if not call.surely:
        return reader.fresh("vmap", *call.args)
    with _split_streams(reader, wrapped):
        return _batched(reader, call, "vmap", _mapped_arguments(call, method=True))


def pmapped(reader: Reader, call: Call) -> Value:
    """A call of a function that is mapped over devices."""
    if not call.surely:
        return reader.fresh("pmap", *call.args)
    static = _wrapped(call).options.get("static_broadcasted_argnums")
    parts = static.items if isinstance(static, Sequence) else [static]
    numbers = [constant_of(part) for part in parts]
    flags = [flag and i not in numbers for i, flag in enumerate(_mapped_arguments(call))]
    with _compiling(reader, call):
        return _batched(reader, call, "pmap", flags)


def shard_mapped(reader: Reader, call: Call) -> Value:
    """A call of a function whose arguments are sharded, or replicated by an empty ``P()``."""
    options = _wrapped(call).options
    specs = options.get("in_specs")
    flags = [True] * len(call.args)
    if isinstance(specs, Sequence) and len(specs.items) == len(call.args):
        flags = [not _is_replicated(spec) for spec in specs.items]
    # What comes out is the same everywhere, and nothing is gathered on the way: so may be the draws.
    alike = _is_replicated(options.get("out_specs")) and not _gathers(_wrapped(call).function)
    if alike or not (any(flags) or _is_sharded(options.get("out_specs"))):
        flags = [True] * len(call.args)
    return _batched(reader, call, "shard_map", flags)


def _is_replicated(spec: Value | None) -> bool:
    return isinstance(spec, Made) and spec.name == "partition" and not spec.args


def _is_sharded(spec: Value | None) -> bool:
    """Whether what the shards give is laid side by side: equal parts of it are no larger sample."""
    return isinstance(spec, Made) and spec.name == "partition" and bool(spec.args)


def _gathers(function: Value) -> bool:
    """Whether a function combines what its shards computed."""
    return isinstance(function, Function) and any(
        isinstance(part, ast.Call)
        and getattr(part.func, "attr", getattr(part.func, "id", "")) in _COLLECTIVES
        for part in walk(function.node)
    )


def partition(reader: Reader, call: Call) -> Value:
    """``PartitionSpec("data", None)``: the axes that it names."""
    return call.made(reader, "partition", [arg for arg in call.args if not is_absent(arg)], {})


def _mapped_arguments(call: Call, *, method: bool = False) -> list[bool]:
    """For each argument whether it is mapped; unsure counts as mapped.

    Args:
        call: of the mapped function.
        method: whether the first of the axes of a method that was mapped is that of `self`.
    """
    wrapped, count = _wrapped(call), len(call.args)
    axes = wrapped.options.get("in_axes")
    if method and isinstance(axes, Sequence) and "self" in wrapped.options:
        axes = Sequence(axes.items[1:])
    if is_constant(axes):
        return [not is_absent(axes)] * count
    if isinstance(axes, Mapping):
        names = parameters_of(wrapped.function)[:count]
        flags = [name not in axes.items or not is_absent(axes.items[name]) for name in names]
    elif isinstance(axes, Sequence):
        flags = [not is_absent(item) for item in axes.items]
    else:
        flags = []
    return (flags + [True] * count)[:count]


def parameters_of(function: Value) -> list[str]:
    """The names of a callable's positional parameters."""
    match function:
        case Wrapped():
            return parameters_of(function.function)
        case Partial():
            inner = parameters_of(function.function)[len(function.args) :]
            return [name for name in inner if name not in function.keywords]
        case Function():
            names = [p.arg for p in (*function.node.args.posonlyargs, *function.node.args.args)]
            return names[1:] if function.bound is not None else names
        case Instance():
            method = function.cls.attributes.get("__call__")
            return parameters_of(method)[1:] if isinstance(method, Function) else []
        case _:
            return []


def _batched(reader: Reader, call: Call, kind: str, flags: list[bool]) -> Value:
    """Read a call of a function that is mapped over some of its arguments: one lane for all."""
    wrapped, depth = _wrapped(call), len(reader.mapped)
    named = list(zip(parameters_of(wrapped.function), flags, strict=False))
    site = reader.site(call.node, wrapped)
    context = Mapped(
        kind,
        depth,
        site,
        (*reader.chain, site),
        tuple(name for name, flag in named if flag),
        tuple(name for name, flag in named if not flag),
        "in_axes" in wrapped.options,
        tuple(i for i, flag in enumerate(flags) if flag),
    )
    args = [
        reader.lane(value, depth) if flag else value
        for value, flag in zip(call.args, flags, strict=True)
    ]
    keywords = {name: reader.lane(value, depth) for name, value in call.keywords.items()}
    reader.mapped.append(context)
    try:
        result = reader.calls.call(wrapped.function, args, keywords, call.node)
    finally:
        reader.mapped.pop()
    return _outside(reader, result)


def _outside(reader: Reader, result: Value) -> Value:
    """What a batched call returns, of which only the structure is known."""
    if isinstance(result, Sequence):
        return Sequence([_outside(reader, item) for item in result.items])
    if isinstance(result, Instance):
        return Instance(result.cls, reader.fresh("batched"), known=False)
    return reader.fresh("batched")


@contextmanager
def _split_streams(reader: Reader, wrapped: Wrapped) -> Generator[None]:
    """Inside ``hk.vmap(split_rng=True)`` each lane has keys of its own."""
    streams = reader.streams[-1] if reader.streams else None
    split = constant_of(wrapped.options.get("split_rng"), True)
    if wrapped.name != "haiku.vmap" or streams is None or split is False:
        yield
        return
    before = streams.keys
    depth = len(reader.mapped)
    streams.keys = {name: reader.lane(key, depth) for name, key in before.items()}
    try:
        yield
    finally:
        streams.keys = before


# Compiling ahead of time.


def lower(reader: Reader, call: Call) -> Value | None:
    """``jit(f).lower(...)``."""
    if isinstance(call.owner, Wrapped) and call.owner.kind in ("jit", "pmap"):
        return call.made(reader, "lowered", [call.owner], {})
    return None


def shapes_of(reader: Reader, call: Call) -> Value:
    """``jax.eval_shape(f, ...)``: nothing is drawn, and a function made for it alone runs nowhere."""
    function = call.argument(0)
    if isinstance(function, Function):
        reader.covered.add(function.node)
    return reader.fresh(call.name, *call.args[1:])


def compile_lowered(reader: Reader, call: Call) -> Value:
    """``jit(f).lower(...).compile()`` is called as ``jit(f)`` is."""
    del reader
    assert isinstance(call.owner, Made)
    return call.owner.args[0]


# Linen's lifted loops and batches of modules.


def lifted(reader: Reader, call: Call) -> Value | None:
    """``nn.scan(Module, split_rngs=...)``: which streams each turn or lane has of its own."""
    target, split = call.argument(0, "target"), call.keywords.get("split_rngs")
    if target is None:
        return Partial(Reference(call.name), [], call.keywords)
    if isinstance(split, Mapping) or split is None:
        flags = split.items if split is not None else {}
        reader.fact(
            "lifted",
            call.source(None, "split_rngs") or call.node,
            kind=call.short,
            lifted=reader.site(call.node),
            target=target,
            flags={str(name): truth(flag) for name, flag in flags.items()},
            complete=split is None or split.complete,
            given=split is not None,
            axes=call.keywords.get("variable_axes"),
        )
    return Wrapped("lifted", target, dict(call.keywords), call.node, call.name)


def call_lifted(reader: Reader, call: Call) -> Value:
    """A lifted class makes a module; what a lifted function returns is not known."""
    if isinstance(_wrapped(call).function, Class):
        return call.made(reader, "lifted")
    return reader.fresh("lifted", *call.args)


def own_gradient(reader: Reader, call: Call) -> Value:
    """``f.defvjp(forward, backward)``: what `forward` returns beside its value is for `backward`.

    A key among it is the one that `f` drew from, so that `backward` can draw the same numbers again.
    """
    for function in (*call.args, *call.keywords.values()):
        if isinstance(function, Function):
            reader.remembering.add(function.node)
    return reader.fresh(call.name, *call.args)
