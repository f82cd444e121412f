"""Python's own functions: ``partial``, ``zip``, ``range``, ``map``, and methods of containers."""

from __future__ import annotations

from keystream._lint.calls import Calls
from keystream._lint.registry import LOOPS, MADE, Call, handles, handles_method
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
)


@handles("functools.partial", "jax.tree_util.Partial", "equinox.Partial", "functools.partialmethod")
def _partial(reader: Calls, call: Call) -> Value | None:
    if not call.args:
        return None
    return Partial(
        call.args[0], call.args[1:], {k: v for k, v in call.keywords.items() if k != "**"}
    )


@handles("functools.lru_cache", "functools.cache", "functools.cached_property")
def _cached(reader: Calls, call: Call) -> Value | None:
    """A cached function draws once; what it returns later is the same object on purpose."""
    return None


@handles("builtins.int", "builtins.round", "builtins.abs", "builtins.float")
def _number(reader: Calls, call: Call) -> Value | None:
    value = constant_of(call.argument(0))
    if isinstance(value, int | float) and len(call.args) == 1:
        try:
            return reader.table.constant(_NUMBERS[call.name.rpartition(".")[2]](value))
        except (ValueError, OverflowError):
            return None
    return None


_NUMBERS = {"int": int, "round": round, "abs": abs, "float": float}


@handles("builtins.range")
def _range(reader: Calls, call: Call) -> Value:
    if all(isinstance(arg, Symbol) for arg in call.args):
        return reader.table.symbol("range", *call.args)
    return reader.fresh("range", *call.args)


@handles("jax.numpy.arange", "numpy.arange")
def _arange(reader: Calls, call: Call) -> Value:
    if all(isinstance(arg, Symbol) for arg in call.args):
        return reader.table.symbol("range", *call.args)
    return reader.fresh("range", *call.args)


@handles("builtins.zip")
def _zip(reader: Calls, call: Call) -> Value:
    args = [reader.iterated(value, call.node) for value in call.args]
    return Made("zip", args, {}, call.node, reader.fresh("zip"))


@handles(
    "builtins.enumerate",
    "tqdm.tqdm",
    "tqdm.auto.tqdm",
    "tqdm.trange",
    "builtins.iter",
    "builtins.list",
    "builtins.tuple",
    "rich.progress.track",
    "jax.numpy.array",
    "jax.numpy.asarray",
    "numpy.array",
    "numpy.asarray",
    "jax.device_put",
    "jax.block_until_ready",
    "jax.lax.stop_gradient",
    "copy.copy",
    "copy.deepcopy",
    "jax.lax.with_sharding_constraint",
    "jax.lax.optimization_barrier",
    "jax.experimental.multihost_utils.broadcast_one_to_all",
)
def _through(reader: Calls, call: Call) -> Value | None:
    if not call.args:
        return None
    short = call.name.rpartition(".")[2]
    if short == "enumerate":
        if len(call.args) == 1 and "start" in call.keywords:
            call.args.append(call.keywords["start"])
        args = [reader.iterated(call.args[0], call.node), *call.args[1:]]
        return Made("enumerate", args, {}, call.node, reader.fresh("enumerate"))
    if short == "trange":
        return _range(reader, call)
    return call.args[0]


@handles("builtins.reversed", "builtins.sorted")
def _reordered(reader: Calls, call: Call) -> Value | None:
    value = call.args[0] if call.args else None
    if isinstance(value, Symbol):
        return reader.table.symbol("call", call.name, value)
    return reader.fresh(call.name, *call.args)


@handles("builtins.map")
def _map(reader: Calls, call: Call) -> Value | None:
    if len(call.args) < 2:
        return None
    function, *iterables = call.args

    def body(number: int) -> Value:
        return reader.call(
            function, [reader.elem(part, number) for part in iterables], {}, call.node
        )

    return reader.fresh("map", reader.iterations(call.node, "map", body))


@handles("jax.tree.map")
def _tree_map(reader: Calls, call: Call) -> Value | None:
    if len(call.args) < 2:
        return None
    function, *trees = call.args
    if isinstance(function, Reference):
        return None

    def body(number: int) -> Value:
        leaves: list[Value] = [
            reader.table.symbol("leaf", tree, number)
            if isinstance(tree, Symbol)
            else reader.fresh("leaf", tree)
            for tree in trees
        ]
        return reader.call(function, leaves, {}, call.node)

    result = reader.iterations(call.node, "tree_map", body)
    if isinstance(result, Made) and result.name == "replicated":
        return reader.table.symbol("same", trees[0]) if isinstance(trees[0], Symbol) else result
    if (
        isinstance(result, Symbol)
        and result.op == "same"
        and isinstance(trees[0], Symbol)
        and (trees[0].op in ("seed", "child"))
    ):
        return reader.table.symbol("same", trees[0])
    return reader.fresh("tree", result)


@handles("builtins.next")
def _next(reader: Calls, call: Call) -> Value | None:
    value = call.args[0] if call.args else None
    if isinstance(value, Made):
        handler = MADE.get("next:" + value.name)
        if handler is not None:
            return handler(reader, Call("next", call.args, {}, call.node, value))
    return None


@handles("builtins.dict")
def _dict(reader: Calls, call: Call) -> Value:
    items = {k: v for k, v in call.keywords.items() if k != "**"}
    if call.args:
        for look in LOOPS:
            look(reader, call.node, call.args[0])
    if not call.args:
        return Mapping(dict(items), "**" not in call.keywords)
    if isinstance(call.args[0], Mapping):
        return Mapping(
            {**call.args[0].items, **items}, call.args[0].complete and "**" not in call.keywords
        )
    return reader.fresh("dict", *call.args)


@handles("builtins.getattr")
def _getattr(reader: Calls, call: Call) -> Value | None:
    name = constant_of(call.argument(1))
    if isinstance(name, str) and call.args:
        owner = call.args[0]
        if isinstance(owner, Instance):
            return reader.instance_attribute(owner, name, call.node)
        if isinstance(owner, Symbol):
            return reader.table.symbol("attr", owner, name, reader.version(owner))
    return None


@handles(
    "jax.numpy.stack",
    "numpy.stack",
    "jax.numpy.broadcast_to",
    "jax.numpy.tile",
    "jax.numpy.repeat",
    "flax.jax_utils.replicate",
    "jax.device_put_replicated",
    "flax.jax_utils.prefetch_to_device",
)
def _stacked(reader: Calls, call: Call) -> Value | None:
    if not call.args:
        return None
    value = call.args[0]
    if call.name.endswith(("replicate", "replicated", "tile", "repeat", "broadcast_to")):
        if isinstance(value, Symbol) and value.op != "const":
            return reader.table.symbol("same", value)
        return None
    if isinstance(value, Sequence) and value.items and value.rest is None:
        first = value.items[0]
        if (
            isinstance(first, Symbol)
            and all(item is first for item in value.items)
            and len(value.items) > 1
        ):
            return reader.table.symbol("same", first)
        return value
    if isinstance(value, Symbol):
        return value
    return None


@handles_method("items", "values", "keys")
def _views(reader: Calls, call: Call) -> Value | None:
    owner = call.owner
    if isinstance(owner, Mapping):
        if call.name == "items":
            return Made("items", [owner], {}, call.node, reader.fresh("items"))
        if call.name == "values":
            return (
                Sequence(list(owner.items.values())) if owner.complete else reader.fresh("values")
            )
        return owner
    if isinstance(owner, Symbol):
        return reader.table.symbol("attr", owner, call.name)
    return None


@handles_method("get")
def _get(reader: Calls, call: Call) -> Value | None:
    if isinstance(call.owner, Mapping) and call.args:
        name = constant_of(call.args[0])
        if isinstance(name, str | int) and name in call.owner.items:
            return call.owner.items[name]
    return None


@handles_method("append", "extend", "insert", "update", "pop", "popitem", "clear", "setdefault")
def _changed(reader: Calls, call: Call) -> Value | None:
    owner = call.owner
    if isinstance(owner, Sequence):
        if call.name == "append" and not reader.frame.turns and call.args:
            owner.items.append(call.args[0])
        else:
            owner.rest = reader.fresh("changed")
            owner.items.clear()
    elif isinstance(owner, Mapping):
        owner.complete = False
        if call.name in ("pop", "popitem", "clear"):
            owner.items.clear()
    return None


@handles_method("copy", "reshape", "astype", "block_until_ready", "squeeze", "flatten", "ravel")
def _same(reader: Calls, call: Call) -> Value | None:
    owner = call.owner
    if isinstance(owner, Mapping):
        return Mapping(dict(owner.items), owner.complete)
    if isinstance(owner, Sequence):
        return Sequence(list(owner.items), owner.rest)
    if isinstance(owner, Symbol) and owner.op != "const":
        if call.name in ("copy", "block_until_ready", "squeeze") or owner.op == "mask":
            return owner
        if all(isinstance(arg, Symbol) for arg in call.args):
            return reader.table.symbol("method", owner, call.name, *call.args)
    return None


_CALLABLE = (Class, Function, Method, Partial, Wrapped)
