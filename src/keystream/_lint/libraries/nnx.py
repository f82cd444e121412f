"""Flax NNX: Rngs, whose counters advance, Dropout, and transformations that split or copy them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._lint.facts import Fact
from keystream._lint.libraries import serving
from keystream._lint.libraries.call import Call
from keystream._lint.libraries.dropout import truth
from keystream._lint.libraries.evaluation import note_evaluation
from keystream._lint.libraries.jax_random import seeded
from keystream._lint.symbols import (
    Attribute,
    Child,
    Opaque,
    Parameter,
    Place,
    Seed,
    StreamKey,
    Symbol,
    Value,
)
from keystream._lint.values import Function, Instance, Made, Partial, Sequence, Wrapped, constant_of
from keystream._lint.walking import walk

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


def rngs(reader: Reader, call: Call) -> Value:
    """``nnx.Rngs(0, dropout=1)``."""
    default = call.argument(0, "default")
    streams = {n: value for n, value in call.keywords.items() if n not in ("default", "**")}
    if default is not None:
        streams["default"] = default
    _note_twins(reader, call, streams)
    made = call.made(reader)
    for name, seed in streams.items():
        if isinstance(seed, Symbol) and not isinstance(seed, Opaque | Child | Seed | StreamKey):
            stream = call.made(reader, _STREAM, [], {})
            serving.start_sequence(reader, stream, seeded(reader, call, seed, "nnx"))
            reader.store(made, name, stream)
    turns, jitted = reader.frame.turns, tuple(reader.jitted)
    reader.fact("rngs_made", call.node, seed=default, made=made, jitted=jitted, turns=turns)
    if isinstance(default, Child | Seed | StreamKey):
        reader.use(default, "layer", "nnx.Rngs", call.node, text="")
    return made


def _note_twins(reader: Reader, call: Call, streams: dict[str, Value]) -> None:
    """Two streams with one seed; any may share that of `default`."""
    named: dict[object, str] = {}
    for name, value in streams.items():
        plain = constant_of(value)
        token = plain if isinstance(plain, int) else id(value)
        if not isinstance(value, Symbol):
            continue
        if token in named and "default" not in (name, named[token]):
            names = (named[token], name)
            reader.fact("twin_streams", call.node, names=names, kind="Rngs", key=value)
        named.setdefault(token, name)


_RNGS, _STREAM = "flax.nnx.Rngs", "flax.nnx.RngStream"


def next_key(reader: Reader, call: Call) -> Value:
    """``rngs()``, ``rngs.dropout()``: a fresh key each time."""
    _note_draw(reader, call)
    name = "default" if call.name == "__call__" else call.name
    return _advance(reader, call.owner, name) or reader.fresh("stream")


def draw(reader: Reader, call: Call) -> Value:
    """``rngs.normal((3,))``, ``rngs.noise.normal((3,))``."""
    _note_draw(reader, call)
    key = _advance(reader, call.owner, "default")
    if key is not None:
        reader.use(key, "draw", call.spelt, call.node)
    return reader.fresh("drawn")


def copied(reader: Reader, call: Call) -> Value | None:
    """``copy.deepcopy(rngs)``: streams that go on by themselves from where the others stand."""
    value = call.args[0] if call.args else None
    if not isinstance(value, Made) or value.name != _RNGS:
        return serving.copied(reader, call, value)
    made = call.made(reader, _RNGS, value.args, value.keywords)
    for name in _names(value):
        stream = serving.copied(reader, call, reader.load(value, name))
        if stream is not None:
            reader.store(made, name, stream)
    return made


def _names(rngs: Made) -> list[str]:
    """The names of the streams that an Rngs was made with."""
    return [*rngs.keywords, "default"] if rngs.args else [*rngs.keywords]


def _advance(reader: Reader, owner: Value | None, stream: str) -> Symbol | None:
    """The next key of a stream that starts from a seed; in a batch it is not known which.

    Args:
        reader: the reading.
        owner: an Rngs, or a stream of one.
        stream: the name that is asked for: that of `default` serves for one that the Rngs has not.
    """
    if reader.mapped or not isinstance(owner, Made):
        return None
    if owner.name == _RNGS:
        known = reader.load(owner, stream if stream in owner.keywords else "default")
        return serving.next_key(reader, owner if known is None else known)
    return serving.next_key(reader, owner)


def note_handed(reader: Reader, call: Call) -> None:
    """A function that is not known draws from an Rngs that it is given, but where it makes a model.

    It makes none under a gradient, nor of an Rngs that has no key for parameters.
    """
    for value in (*call.args, *call.keywords.values()):
        if not isinstance(value, Made) or value.name != _RNGS:
            continue
        names = _names(value)
        of_parameters = not {"params", "default"}.isdisjoint(names)
        if len(names) != 1 or (of_parameters and not reader.graded):
            continue
        key = _advance(reader, value, names[0])
        if key is not None and not call.name.startswith(("flax.", "jax.")):
            reader.use(key, "handed", call.spelt or "a function", call.node)


def layer(reader: Reader, call: Call) -> Value:
    """A layer whose parameters are drawn from its ``rngs=``."""
    given = call.keywords.get("rngs")
    _note_shared(reader, given, call.node)
    key = _advance(reader, given, "params")
    if key is not None:
        reader.use(key, "layer", f"nnx.{call.short}", call.node)
    return call.made(reader, "layer")


def reseed(reader: Reader, call: Call) -> Value:
    """``nnx.reseed(model, dropout=seed)``: the model's draws begin at the seed again."""
    for name, value in call.keywords.items():
        if name not in ("policy", "**") and isinstance(value, Symbol):
            reader.use(seeded(reader, call, value, "reseed"), "draw", "nnx.reseed", call.node)
    return reader.fresh("reseeded")


def split(reader: Reader, call: Call) -> Value | None:
    """``nnx.split(model, ...)``: its graph, and its state in one or more parts."""
    if not call.args or not isinstance(call.args[0], Instance | Made):
        return None
    graph = call.made(reader, "nnx.graph", call.args[:1], {})
    states = [reader.fresh("state") for _ in range(max(1, len(call.args) - 1))]
    return Sequence([graph, *states])


def merge(reader: Reader, call: Call) -> Value | None:
    """``nnx.merge(graph, state)``."""
    del reader
    graph = call.args[0] if call.args else None
    return graph.args[0] if isinstance(graph, Made) and graph.name == "nnx.graph" else None


# Draws.


def draw_from_rngs(reader: Reader, call: Call, flag: Value | None) -> Value:
    """A call of Dropout draws from the Rngs that it is given, or that it holds."""
    del flag
    note_evaluation(reader, call.node, "nnx.Dropout")
    given = call.argument(2, "rngs")
    if given is None and call.surely:
        _note_draw(reader, call)
    key = _advance(reader, given, "dropout")
    if key is not None:
        reader.use(key, "draw", "nnx.Dropout", call.node)
    return reader.fresh("dropped")


def _note_draw(reader: Reader, call: Call) -> None:
    """A draw advances the counter of an Rngs: is it the lane's own, does it leave `jax.jit`?"""
    _note_lost_count(reader, call)
    _note_shared(reader, call.owner, call.node)


_HANDS_OUT = {"split", "state", "pop", "to_tree", "Rngs", "reseed", "fork", "clone"}


def _note_lost_count(reader: Reader, call: Call) -> None:
    """Under plain `jax.jit` the counter advances inside, and must be returned."""
    if not reader.jitted or reader.mapped:
        return
    site = reader.jitted[-1]
    wrapped = site.callee
    if not isinstance(wrapped, Wrapped) or wrapped.name != "jax.jit":
        return
    inner = wrapped.function
    while isinstance(inner, Partial):
        inner = inner.function
    if not isinstance(inner, Function) or not isinstance(site.node, ast.Call):
        return
    parts = walk(inner.node)
    names = {part.attr for part in parts if isinstance(part, ast.Attribute)}
    name = ("counts_lost", site.node)
    if (
        "merge" in names
        and not names & _HANDS_OUT
        and not (reader.hushed or name in reader.reported)
    ):
        reader.reported.add(name)
        data = {"drawn": reader.site(call.node)}
        reader.facts.facts.append(Fact("counts_lost", site, (), data))


def _note_shared(reader: Reader, owner: Value | None, node: ast.AST) -> None:
    """Each lane of a batch draws from one Rngs, which is not the lane's own."""
    if not isinstance(owner, Made) or reader.hushed:
        return
    models = [frame.scope.names.get("self") for frame in reader.frames]
    own = owner.symbol.tags.union(*(m.symbol.tags for m in models if isinstance(m, Instance)))
    for mapped in reader.mapped:
        name = ("shared", mapped.site.node)
        if ("lane", mapped.depth) in own or name in reader.reported:
            continue
        reader.reported.add(name)
        data = {"mapped": mapped, "drawn": reader.site(node)}
        reader.facts.facts.append(Fact("shared_rngs", mapped.site, mapped.chain, data))


# Modes.


def in_evaluation(reader: Reader, flag: Value | None) -> bool:
    """Whether a model that is being called was switched to evaluation."""
    del flag
    for frame in reader.frames:
        model = frame.scope.names.get("self")
        if isinstance(model, Instance):
            mode = reader.load(model.symbol, "__mode__")
            if mode is not None and constant_of(mode) != "train":
                return True
    return False


def switch_mode(reader: Reader, call: Call) -> Value | None:
    """``model.eval()``, ``model.train()``."""
    return _switch(reader, call, call.name)


def set_attributes(reader: Reader, call: Call) -> Value | None:
    """``model.set_attributes(deterministic=True)``."""
    mode = truth(call.keywords.get("deterministic"))
    return None if mode is None else _switch(reader, call, "eval" if mode else "train")


def _switch(reader: Reader, call: Call, mode: str) -> Value | None:
    model = call.owner
    if isinstance(model, Instance):
        if reader.objects.framework(model.cls) != "nnx":
            return None
    elif not isinstance(model, Parameter | Attribute) or call.args:
        return None  # of a model that is not seen a gradient tells whether it is one
    reader.store(model, "__mode__", reader.table.constant(mode))
    reader.store(model, "__switched__", Place(reader.site(call.node)))
    reader.store(model, "__turns__", Place(reader.turns()))
    return reader.table.constant(None)
