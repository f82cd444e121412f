"""JAX's transformations and control flow, and those that frameworks build on them."""

from __future__ import annotations

import ast
from collections.abc import Generator
from contextlib import contextmanager

from keystream._lint.calls import Calls
from keystream._lint.frames import Mapped
from keystream._lint.libraries.closures import bound_argument, compiled
from keystream._lint.libraries.equinox import note_gradient
from keystream._lint.names import (
    ABSTRACT,
    CALLBACKS,
    GRAD,
    JIT,
    PMAP,
    SAME,
    VALUE_AND_GRAD,
    VMAP,
)
from keystream._lint.registry import KINDS, LIBRARY, Call, Handler, handles, handles_method
from keystream._lint.values import (
    Class,
    Function,
    Instance,
    Made,
    Mapping,
    Method,
    Partial,
    Reference,
    Sequence,
    Symbol,
    Value,
    Wrapped,
    constant_of,
    is_constant,
)

CALLABLE = (Function, Class, Wrapped, Partial, Method, Reference, Made, Instance)


def _transform(kind: str) -> Handler:
    def handler(reader: Calls, call: Call) -> Value | None:
        options = {
            name: value for name, value in call.keywords.items() if name not in ("**", "f", "fun")
        }
        function = call.argument(0, "f", "fun", "func", "function")
        if kind == "vmap" and len(call.args) > 1:
            options["in_axes"] = call.args[1]
        if function is None:
            return Partial(Reference(call.name), [], options)  # @vmap(in_axes=...)
        if isinstance(function, Class) and kind in ("same", "jit"):
            return function
        if not isinstance(function, CALLABLE):
            if isinstance(function, Symbol) and kind in ("same", "jit", "grad", "vmap"):
                return Wrapped(kind, function, options, call.node, call.name)
            return reader.fresh(kind, function)
        if kind == "same":
            return function
        return Wrapped(kind, function, options, call.node, call.name)

    return handler


for _names, _kind in (
    (JIT - PMAP, "jit"),
    (PMAP, "pmap"),
    (VMAP, "vmap"),
    (GRAD, "grad"),
    (SAME, "same"),
    (ABSTRACT, "abstract"),
):
    for _name in _names:
        LIBRARY[_name] = _transform(_kind)
LIBRARY["jax.shard_map"] = _transform("shard_map")


@handles("jax.eval_shape", "equinox.filter_eval_shape", "flax.nnx.eval_shape", *CALLBACKS)
def _nothing(reader: Calls, call: Call) -> Value:
    """The function is not run, or only on the host, once for each run-time call."""
    return reader.fresh(call.name, *call.args[1:])


def _jit(reader: Calls, call: Call) -> Value:
    wrapped = call.owner
    assert isinstance(wrapped, Wrapped)
    outer = reader.jit_arguments
    given = (*call.args, *call.keywords.values())
    owner = bound_argument(wrapped)
    given = given if owner is None else (*given, owner, owner.symbol)
    reader.jit_arguments = outer | {
        symbol for value in given for symbol in reader.symbols_in(value)
    }
    reader.jitted.append(reader.site(call.node, wrapped))
    try:
        with compiled(reader, wrapped):
            return reader.call(wrapped.function, call.args, call.keywords, call.node)
    finally:
        reader.jitted.pop()
        reader.jit_arguments = outer


def _grad(reader: Calls, call: Call) -> Value:
    wrapped = call.owner
    assert isinstance(wrapped, Wrapped)
    note_gradient(reader, call)
    reader.graded += 1
    try:
        value = reader.call(wrapped.function, call.args, call.keywords, call.node)
    finally:
        reader.graded -= 1
    gradient: Value = reader.fresh("gradient")
    auxiliary = constant_of(wrapped.options.get("has_aux")) is True
    if wrapped.name in VALUE_AND_GRAD:
        return Sequence([value, gradient])
    if auxiliary:
        extra = (
            value.items[1]
            if isinstance(value, Sequence) and len(value.items) > 1
            else reader.fresh("aux")
        )
        return Sequence([gradient, extra])
    return gradient


def _abstract(reader: Calls, call: Call) -> Value:
    return reader.fresh("abstract", *call.args)


def _axes(reader: Calls, axes: Value | None, count: int, names: list[str]) -> list[bool]:
    """For each argument whether it is mapped; unsure counts as mapped."""
    if axes is None or is_constant(axes):
        mapped = axes is None or constant_of(axes) is not None
        return [mapped] * count
    if isinstance(axes, Mapping):
        return [
            not (name in axes.items and constant_of(axes.items[name], 0) is None) for name in names
        ][:count]
    if isinstance(axes, Sequence):
        flags = [not (is_constant(item) and constant_of(item) is None) for item in axes.items]
        return (flags + [True] * count)[:count]
    return [True] * count


def parameters_of(function: Value) -> list[str]:
    """The names of a callable's positional parameters."""
    while isinstance(function, Wrapped):
        function = function.function
    if isinstance(function, Partial):
        inner = parameters_of(function.function)[len(function.args) :]
        return [name for name in inner if name not in function.keywords]
    if isinstance(function, Function):
        names = [p.arg for p in (*function.node.args.posonlyargs, *function.node.args.args)]
        return names[1:] if function.bound is not None else names
    if isinstance(function, Instance):
        method = function.cls.attributes.get("__call__")
        return parameters_of(method)[1:] if isinstance(method, Function) else []
    return []


def batched(reader: Calls, call: Call, kind: str, flags: list[bool]) -> Value:
    """Read a call of a function that is mapped over some of its arguments."""
    wrapped = call.owner
    assert isinstance(wrapped, Wrapped)
    depth = len(reader.mapped)
    names = parameters_of(wrapped.function)
    shared = tuple(names[i] for i, flag in enumerate(flags) if not flag and i < len(names))
    mapped = tuple(names[i] for i, flag in enumerate(flags) if flag and i < len(names))
    site = reader.site(call.node, wrapped)
    context = Mapped(kind, depth, site, (*reader.chain, site), mapped, shared)
    args = [
        reader.lane(value, depth) if flag else value
        for value, flag in zip(call.args, flags, strict=True)
    ]
    keywords = {name: reader.lane(value, depth) for name, value in call.keywords.items()}
    reader.mapped.append(context)
    try:
        result = reader.call(wrapped.function, args, keywords, call.node)
    finally:
        reader.mapped.pop()
    return _outside(reader, result)


def _outside(reader: Calls, result: Value) -> Value:
    if isinstance(result, Sequence):
        return Sequence([_outside(reader, item) for item in result.items])
    if isinstance(result, Instance):
        return Instance(result.cls, reader.fresh("batched"), known=False)
    return reader.fresh("batched")


def _vmap(reader: Calls, call: Call) -> Value:
    wrapped = call.owner
    assert isinstance(wrapped, Wrapped)
    if not call.surely:
        return reader.fresh("vmap", *call.args)
    names = parameters_of(wrapped.function)
    flags = _axes(reader, wrapped.options.get("in_axes"), len(call.args), names)
    with _split_streams(reader, wrapped):
        return batched(reader, call, "vmap", flags)


@contextmanager
def _split_streams(reader: Calls, wrapped: Wrapped) -> Generator[None]:
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


def _pmap(reader: Calls, call: Call) -> Value:
    wrapped = call.owner
    assert isinstance(wrapped, Wrapped)
    if not call.surely:
        return reader.fresh("pmap", *call.args)
    names = parameters_of(wrapped.function)
    flags = _axes(reader, wrapped.options.get("in_axes"), len(call.args), names)
    static = wrapped.options.get("static_broadcasted_argnums")
    numbers = (
        [constant_of(item) for item in static.items]
        if isinstance(static, Sequence)
        else [constant_of(static)]
    )
    flags = [flag and i not in numbers for i, flag in enumerate(flags)]
    reader.jitted.append(reader.site(call.node, wrapped))
    try:
        return batched(reader, call, "pmap", flags)
    finally:
        reader.jitted.pop()


def _shard_map(reader: Calls, call: Call) -> Value:
    wrapped = call.owner
    assert isinstance(wrapped, Wrapped)
    specs = wrapped.options.get("in_specs")
    flags = [True] * len(call.args)
    if isinstance(specs, Sequence) and len(specs.items) == len(call.args):
        flags = [
            not (isinstance(spec, Made) and spec.name == "partition" and not spec.args)
            for spec in specs.items
        ]
    out = wrapped.options.get("out_specs")
    if isinstance(out, Made) and out.name == "partition" and not out.args:
        flags = [True] * len(
            call.args
        )  # what comes out is the same everywhere: so may be the draws
    if not any(flags):
        flags = [True] * len(call.args)
    return batched(reader, call, "shard_map", flags)


@handles("jax.sharding.PartitionSpec", "jax.P")
def _partition(reader: Calls, call: Call) -> Value:
    args = [arg for arg in call.args if not (is_constant(arg) and constant_of(arg) is None)]
    return Made("partition", args, {}, call.node, reader.fresh("partition"))


@handles("jax.lax.axis_index", "jax.lax.axis_size", "jax.process_index")
def _axis_index(reader: Calls, call: Call) -> Value:
    return reader.fresh("axis_index")


KINDS.update(
    {
        "jit": _jit,
        "grad": _grad,
        "abstract": _abstract,
        "vmap": _vmap,
        "pmap": _pmap,
        "shard_map": _shard_map,
    }
)


@handles(
    "jax.vjp",
    "jax.linearize",
    "jax.jvp",
    "equinox.filter_vjp",
    "equinox.filter_jvp",
    "flax.nnx.vjp",
)
def _vjp(reader: Calls, call: Call) -> Value | None:
    if len(call.args) < 2:
        return None
    reader.graded += 1
    primals = call.args[1:]
    if call.name.endswith("jvp") and isinstance(call.args[1], Sequence):
        primals = call.args[1].items
    try:
        value = reader.call(call.args[0], primals, {}, call.node)
    finally:
        reader.graded -= 1
    return Sequence([value, reader.fresh("vjp")]) if not call.keywords else reader.fresh("vjp")


@handles_method("lower", "trace", "eval_shape")
def _lower(reader: Calls, call: Call) -> Value | None:
    if isinstance(call.owner, Wrapped) and call.owner.kind in ("jit", "pmap"):
        return Made("lowered", [call.owner], {}, call.node, reader.fresh("lowered"))
    return None


@handles_method("compile")
def _compile(reader: Calls, call: Call) -> Value | None:
    if isinstance(call.owner, Made) and call.owner.name == "lowered":
        return call.owner.args[0]
    return None


@handles_method("defvjp", "defjvp", "def_vmap")
def _define(reader: Calls, call: Call) -> Value:
    return reader.table.constant(None)


_NODE = ast.Call
