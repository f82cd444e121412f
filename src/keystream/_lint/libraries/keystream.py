"""`keystream` itself: keys by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call
from keystream._lint.symbols import NamedKey, Names, Stack, Symbol, Value
from keystream._lint.values import Made, Mapping, constant_of

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_OPTIONS = ("coordinates", "steps", "ids", "init", "impl", "layout", "**")


def streams(reader: Reader, call: Call) -> Value:
    """``Streams(seed, "params", "dropout")``, ``Streams({"params": 0})``, ``Streams(params=0)``."""
    names = [constant_of(arg) for arg in call.args[1:]]
    if call.args and isinstance(call.args[0], Mapping):
        names = list(call.args[0].items)
    names += [name for name in call.keywords if name not in _OPTIONS]
    made = call.made(reader)
    reader.store(made, "names", reader.table.symbol(Names, tuple(map(str, names))))
    return made


def key(reader: Reader, call: Call) -> Symbol | None:
    """``streams.key(name, step, **coordinates)``: the key of a name."""
    words = sorted(call.keywords)
    parts = [*call.args, *(call.keywords[word] for word in words)]
    if not call.surely or not all(isinstance(part, Symbol) for part in parts):
        return None
    return reader.table.symbol(NamedKey, _ours(call).symbol, tuple(parts), tuple(words))


def _ours(call: Call) -> Made:
    assert isinstance(call.owner, Made)
    return call.owner


def keys(reader: Reader, call: Call) -> Value | None:
    """``streams.keys(name, step, n)``."""
    named = key(reader, call)
    count = call.args[2] if len(call.args) > 2 else None
    if named is None or not isinstance(count, Symbol):
        return None
    return reader.table.symbol(Stack, named, count)


def init_rngs(reader: Reader, call: Call) -> Value | None:
    """``streams.init_rngs()``: all streams."""
    names = _names(reader, call)
    return _by_name(reader, call, names, reader.table.constant("init"))


def rngs(reader: Reader, call: Call) -> Value | None:
    """``streams.rngs(step)``: those of run time."""
    names = [name for name in _names(reader, call) if name != "params"]
    step = call.args[0] if call.args else reader.table.constant("init")
    return _by_name(reader, call, names, step)


def _names(reader: Reader, call: Call) -> list[str]:
    names = reader.load(_ours(call), "names")
    return list(names.names) if isinstance(names, Names) else []


def _by_name(reader: Reader, call: Call, names: list[str], step: Value) -> Value | None:
    if not isinstance(step, Symbol) or call.keywords:
        return None
    symbol, text = reader.table.symbol, reader.table.constant
    made = _ours(call).symbol
    return Mapping({name: symbol(NamedKey, made, (text(name), step)) for name in names})


def child(reader: Reader, call: Call) -> Value:
    """``streams.child(name)``: other streams of the same names."""
    made = _ours(call)
    found = call.made(reader, made.name, made.args, made.keywords)
    reader.store(found, "names", reader.table.symbol(Names, tuple(_names(reader, call))))
    return found
