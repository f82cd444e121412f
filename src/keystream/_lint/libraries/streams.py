"""`keystream` itself: keys by name, and its draws."""

from __future__ import annotations

from keystream._lint.calls import Calls
from keystream._lint.libraries.random import draw
from keystream._lint.libraries.rates import check_rate
from keystream._lint.registry import Call, handles, handles_method
from keystream._lint.values import Made, Mapping, Symbol, Value, constant_of


@handles("keystream.Streams")
def _streams(reader: Calls, call: Call) -> Value:
    options = ("coordinates", "steps", "ids", "init", "impl", "layout", "**")
    names = [constant_of(arg) for arg in call.args[1:]]
    if call.args and isinstance(call.args[0], Mapping):
        names = list(call.args[0].items)
    names += [name for name in call.keywords if name not in options]
    made = Made("keystream.Streams", call.args, call.keywords, call.node, reader.fresh("streams"))
    reader.store(made, "names", reader.table.symbol("names", *(str(name) for name in names)))
    return made


def _named(reader: Calls, call: Call, made: Made) -> Symbol | None:
    parts = [*call.args, *(call.keywords[name] for name in sorted(call.keywords))]
    if not call.surely or not all(isinstance(part, Symbol) for part in parts):
        return None
    return reader.table.symbol("named", made.symbol, *parts, *sorted(call.keywords))


def _ours(call: Call) -> Made | None:
    owner = call.owner
    return owner if isinstance(owner, Made) and owner.name == "keystream.Streams" else None


@handles_method("key")
def _key(reader: Calls, call: Call) -> Value | None:
    made = _ours(call)
    return _named(reader, call, made) if made is not None else None


@handles_method("keys")
def _keys(reader: Calls, call: Call) -> Value | None:
    made = _ours(call)
    if made is None:
        return None
    named = _named(reader, call, made)
    return (
        reader.table.symbol("stack", named, call.args[2])
        if named is not None and len(call.args) > 2
        else None
    )


@handles_method("rngs", "init_rngs")
def _rngs(reader: Calls, call: Call) -> Value | None:
    made = _ours(call)
    if made is None:
        return None
    names = reader.load(made, "names")
    if not isinstance(names, Symbol):
        return None
    chosen = [name for name in names.args if call.name == "init_rngs" or name != "params"]
    step = call.args[0] if call.args else reader.table.constant("init")
    if not isinstance(step, Symbol) or call.keywords:
        return None
    return Mapping(
        {
            name: reader.table.symbol("named", made.symbol, reader.table.constant(name), step)
            for name in chosen
        }
    )


@handles_method("child")
def _child(reader: Calls, call: Call) -> Value | None:
    made = _ours(call)
    if made is None:
        return None
    found = Made(made.name, made.args, made.keywords, call.node, reader.fresh("streams"))
    names = reader.load(made, "names")
    if names is not None:
        reader.store(found, "names", names)
    return found


@handles(
    "keystream.dropout", "keystream.drop_path", "keystream.gaussian_noise", "keystream.token_mask"
)
def _draw(reader: Calls, call: Call) -> Value | None:
    if call.name != "keystream.gaussian_noise":
        check_rate(
            reader,
            call.argument(2, "rate"),
            call.node,
            "ks." + call.name.rpartition(".")[2],
            position=2,
        )
    key = call.argument(0, "key")
    return (
        draw(reader, key, call, "ks." + call.name.rpartition(".")[2]) if key is not None else None
    )
