"""Haiku: transformed functions with one key, and key sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystream._lint.frames import Streams
from keystream._lint.libraries.call import Call
from keystream._lint.libraries.jax_random import seeded
from keystream._lint.libraries.serving import next_key, note_run, serving, start_sequence
from keystream._lint.symbols import Constant, StreamKey, Symbol, Value
from keystream._lint.values import Made, Sequence, constant_of, is_constant

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


def transform(reader: Reader, call: Call) -> Value | None:
    """``hk.transform(f)``, or ``hk.transform_with_state(f)``."""
    if not call.args:
        return None
    state = {"state": reader.table.constant(call.short == "transform_with_state")}
    return call.made(reader, "haiku.transformed", keywords=state)


def without_apply_rng(reader: Reader, call: Call) -> Value | None:
    """``hk.without_apply_rng(transformed)``: its `apply` takes no key."""
    value = call.args[0] if call.args else None
    if isinstance(value, Made):
        return call.made(reader, "haiku.without_rng", value.args, value.keywords)
    return call.made(reader, "haiku.transformed", keywords={"state": reader.table.constant(False)})


def init(reader: Reader, call: Call) -> Value:
    """``transformed.init(rng, ...)``."""
    net, rng = _net(call), call.argument(0, "rng")
    _run(reader, call, rng, skip=1, kind="init")
    if rng is not None:
        note_run(reader, call, "init", rng, model=net, text=call.text(0, "rng"))
    params = reader.fresh("params")
    return Sequence([params, reader.fresh("state")]) if _has_state(net) else params


def apply(reader: Reader, call: Call) -> Value:
    """``transformed.apply(params, rng, ...)``; a state stands between the two."""
    net = _net(call)
    place = 2 if _has_state(net) else 1
    takes_key = net.name == "haiku.transformed"
    rng = call.argument(place, "rng") if takes_key else None
    skip = place + 1 if takes_key and "rng" not in call.keywords else place
    result, drawn = _run(reader, call, rng, skip=skip, kind="apply")
    if rng is not None and drawn:
        note_run(reader, call, "apply", rng, model=net, text=call.text(place, "rng"))
    return Sequence([result, reader.fresh("state")]) if _has_state(net) else result


def _net(call: Call) -> Made:
    assert isinstance(call.owner, Made)
    return call.owner


def _has_state(net: Made) -> bool:
    return constant_of(net.keywords.get("state")) is True


def _run(
    reader: Reader, call: Call, rng: Value | None, *, skip: int, kind: str
) -> tuple[Value, bool]:
    """What the transformed function returns, and whether it drew."""
    site = reader.site(call.node)
    keys = {} if rng is None or is_constant(rng) else {"rng": rng}
    chain = (*reader.chain, site)
    context = Streams(kind, keys, call.surely, True, site, chain, framework="haiku")
    keywords = {name: value for name, value in call.keywords.items() if name != "rng"}
    with serving(reader, context):
        result = reader.calls.call(_net(call).args[0], call.args[skip:], keywords, call.node)
    return result, bool(context.drawn)


def next_rng_key(reader: Reader, call: Call) -> Value:
    """``hk.next_rng_key()``: the next key of the one that `apply` was given."""
    del call
    context = reader.streams[-1] if reader.streams else None
    if context is None or context.framework != "haiku":
        return reader.fresh("rng")
    number = context.drawn["rng"] = context.drawn.get("rng", 0) + 1
    key = context.keys.get("rng")
    if not isinstance(key, Symbol) or context.kind == "init":
        return reader.fresh("rng")
    return reader.table.symbol(StreamKey, key, "rng", number)


def key_sequence(reader: Reader, call: Call) -> Value:
    """``hk.PRNGSequence(key_or_seed)``."""
    key = call.argument(0, "key_or_seed")
    if isinstance(key, Constant):
        reader.fact("seed", call.node, seed=key, name=call.name, jitted=tuple(reader.jitted))
        key = seeded(reader, call, key)
    made = call.made(reader)
    return made if key is None else start_sequence(reader, made, key)


def next_of_sequence(reader: Reader, call: Call) -> Value:
    """``next(sequence)``."""
    return next_key(reader, call.owner) or reader.fresh("next")
