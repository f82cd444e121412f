"""Flax Linen: ``init`` and ``apply`` with their streams, Dropout, and train states."""

from __future__ import annotations

import ast
import difflib
import re
from typing import TYPE_CHECKING, Any, TypeGuard

from keystream._lint.facts import Fact
from keystream._lint.frames import Streams
from keystream._lint.libraries.call import Call
from keystream._lint.libraries.dropout import is_absent, truth
from keystream._lint.libraries.evaluation import note_evaluation
from keystream._lint.libraries.serving import note_run, serving
from keystream._lint.modes import is_off
from keystream._lint.symbols import (
    Attribute,
    Child,
    Constant,
    Element,
    Lane,
    NamedKey,
    Opaque,
    Parameter,
    Seed,
    Stack,
    StreamKey,
    Symbol,
    Value,
)
from keystream._lint.unknown_models import note_without_rngs
from keystream._lint.values import (
    Function,
    Instance,
    Made,
    Mapping,
    Sequence,
    Wrapped,
    constant_of,
    is_constant,
)

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

# Arguments of `apply` that are not handed on to the method.
_OWN_ARGUMENTS = frozenset({"rngs", "rng", "method", "mutable", "capture_intermediates"})
_KEY_NAME = re.compile(r"(?:^|_)(?:key|rng|prng|prngkey|k|subkey)\d*$", re.IGNORECASE)


def is_module(reader: Reader, value: Value | None) -> bool:
    """Whether a value is an object of a Linen module class."""
    return isinstance(value, Instance) and reader.objects.framework(value.cls) == "linen"


# Streams.


def draw_from_stream(reader: Reader, call: Call, flag: Value | None) -> Value:
    """A call of Dropout draws from its ``rng=``, or from its stream."""
    made = call.owner
    assert isinstance(made, Made)
    name = str(constant_of(made.keywords.get("rng_collection"), "dropout"))
    key, sure = call.argument(2, "rng"), truth(flag) is False
    if key is None or is_constant(key):
        key = key_of_stream(reader, name, call.node, made, sure=sure)
    reader.use(key, "draw", "nn.Dropout", call.node, text=f"stream {name!r}")
    if sure:
        reader.fact("dropout_draws", call.node, layer="nn.Dropout", stream=name)
        note_evaluation(reader, call.node, "nn.Dropout")
    return reader.fresh("dropped", key)


def make_rng(reader: Reader, call: Call) -> Value:
    """``self.make_rng("noise")``."""
    name = constant_of(call.argument(0, "name"), "params")
    if not isinstance(name, str):
        return reader.fresh("stream")
    return key_of_stream(reader, name, call.node, call.owner, sure=True)


def has_rng(reader: Reader, call: Call) -> Value | None:
    """``self.has_rng("noise")``: whether a stream of that very name was given."""
    context = reader.streams[-1] if reader.streams else None
    name = constant_of(call.argument(0, "name"))
    if context is None or context.framework != "linen" or not isinstance(name, str):
        return None
    if name in context.keys:
        return reader.table.constant(True)
    if not context.complete:
        return None
    mark = ("asked", context.site.node)
    if context.keys and mark not in reader.reported and not reader.hushed:
        reader.reported.add(mark)
        data = {"stream": name, "given": sorted(context.keys), "drawn": reader.site(call.node)}
        reader.facts.facts.append(Fact("asked_stream", context.site, context.chain, data))
    return reader.table.constant(False)


def key_of_stream(
    reader: Reader, name: str, node: ast.AST, module: Value | None, *, sure: bool
) -> Value:
    """The next key of a stream; that of `params` where it is not given, as Flax does."""
    context = reader.streams[-1] if reader.streams else None
    if context is None or context.framework != "linen" or name in context.hidden:
        return reader.fresh("stream")
    place = module.symbol if isinstance(module, Instance | Made) else None
    context.places.setdefault(name, set()).add(place)
    key = context.keys.get(name)
    if key is None and context.complete:
        if sure:
            _note_missing(reader, context, name, node)
        key = context.keys.get("params") if context.kind != "init" else None
    if key is None and (context.kind == "init" or not context.complete):
        return reader.fresh("stream")
    number = context.drawn[name] = context.drawn.get(name, 0) + 1
    if not isinstance(key, Symbol):
        return reader.fresh("stream")
    return reader.table.symbol(StreamKey, key, name, number)


def _note_missing(reader: Reader, context: Streams, name: str, node: ast.AST) -> None:
    """A stream was asked for that was not given: `params` serves it, or Flax raises."""
    mark = ("streams", context.site.node)
    if name == "params" or reader.hushed or mark in reader.reported:
        return
    reader.reported.add(mark)
    kind = "stream_fallback" if "params" in context.keys else "missing_rngs"
    kind = "single_key_init" if context.kind == "init" and context.single else kind
    data = {
        "stream": name,
        "given": sorted(context.keys),
        "kind": context.kind,
        "drawn": reader.site(node),
    }
    reader.facts.facts.append(Fact(kind, context.site, context.chain, data))


def _streams_given(reader: Reader, call: Call, kind: str, rngs: Value | None) -> Streams:
    """The streams that an ``rngs`` argument serves; one key alone is that of `params`."""
    site = reader.site(call.node)
    keys: dict[str, Value] = {}
    places: dict[str, set[Any]] = {}
    complete, single = is_absent(rngs), False
    if isinstance(rngs, Mapping):
        keys, complete = {str(name): key for name, key in rngs.items.items()}, rngs.complete
        _note_twins(reader, keys, kind, call.node, places)
    elif is_keyish(rngs):
        keys["params"] = rngs
        complete = single = True
    known = complete and call.surely
    return Streams(kind, keys, known, single, site, (*reader.chain, site), places=places)


def _note_twins(
    reader: Reader, keys: dict[str, Value], kind: str, node: ast.AST, places: dict[str, set[Any]]
) -> None:
    """Two streams are given one key."""
    seen: dict[int, str] = {}
    for name, key in keys.items():
        if isinstance(key, Symbol) and not isinstance(key, Opaque | Constant) and id(key) in seen:
            names = (seen[id(key)], name)
            reader.fact("twin_streams", node, names=names, kind=kind, key=key, places=places)
            return
        seen.setdefault(id(key), name)


def is_keyish(value: Value | None) -> TypeGuard[Symbol]:
    """Whether a value is surely one key: by how it was made, or by its name."""
    if not isinstance(value, Symbol):
        return False
    if isinstance(value, Lane | Element):
        return is_keyish(value.parent) or isinstance(value.parent, Stack)
    if isinstance(value, Parameter | Attribute):
        return bool(_KEY_NAME.search(value.name))
    return isinstance(value, Seed | Child | StreamKey | NamedKey)


# Models.


def layer(reader: Reader, call: Call) -> Value | None:
    """A layer of Flax's own, ``nn.Dense(3)``."""
    return call.made(reader) if call.short[:1].isupper() else None


def init(reader: Reader, call: Call) -> Value | None:
    """``model.init(rngs, ...)``; also of models that are not seen, given a key that is."""
    model = call.owner
    if not isinstance(model, Instance) or not is_module(reader, model):
        key = call.argument(0)
        if not isinstance(model, Made) or not model.name.startswith(("haiku.", "flax.")):
            return None
        if not isinstance(key, Seed | Child):
            return None
        note_run(reader, call, "init", key, model=model, text=call.text(0, "rngs"))
        return reader.fresh("variables")
    rngs = call.argument(0, "rngs")
    _note_wrong_keyword(reader, call)
    if rngs is not None:
        streams = _streams_given(reader, call, "init", rngs)
        _run(reader, streams, model, call)
        _note_streams(reader, streams, call, model)
    return reader.fresh("variables")


def apply(reader: Reader, call: Call) -> Value | None:
    """``model.apply(variables, ..., rngs=...)``; also of models that are not seen."""
    model = call.owner
    if isinstance(model, Made) and model.name == "flax.linen.Dropout":
        own = {n: v for n, v in call.keywords.items() if n in ("deterministic", "rng")}
        with serving(reader, _streams_given(reader, call, "apply", call.keywords.get("rngs"))):
            return reader.calls.call(model, call.args[1:], own, call.node)
    if isinstance(model, Made) and not model.name.startswith("flax.linen."):
        return _note_wrong_keyword(reader, call)
    if not isinstance(model, Instance):
        return apply_fn(reader, call)
    if not is_module(reader, model):
        return None
    _note_wrong_keyword(reader, call)
    streams = _streams_given(reader, call, "apply", call.keywords.get("rngs"))
    result = _run(reader, streams, model, call)
    _note_streams(reader, streams, call, model)
    if streams.places and call.surely and is_absent(call.keywords.get("rngs")):
        note_without_rngs(reader, call, drops=False, on=False)  # whether it draws is not seen
    mutable = call.keywords.get("mutable")
    if mutable is not None and constant_of(mutable, True) is not False:
        return Sequence([result, reader.fresh("variables")])
    return result


def apply_fn(reader: Reader, call: Call) -> None:
    """``state.apply_fn(...)``, ``model.apply(...)`` of what is not seen."""
    _note_wrong_keyword(reader, call)
    rngs = call.keywords.get("rngs")
    if isinstance(rngs, Mapping):
        _note_suspects(reader, rngs, call.node)
        streams = _streams_given(reader, call, "apply", rngs)
        if is_off(call.keywords):
            streams.keys.pop("dropout", None)
        model = call.owner if call.owner is not None and call.name == "apply" else rngs
        _note_streams(reader, streams, call, model)


def _run(reader: Reader, streams: Streams, model: Instance, call: Call) -> Value:
    """Read the method that `init` or `apply` calls."""
    keywords = {n: value for n, value in call.keywords.items() if n not in _OWN_ARGUMENTS}
    method = call.keywords.get("method")
    if isinstance(method, Function):
        function = reader.objects.bind_method(method, model) if method.bound is None else method
    else:
        name = "__call__" if is_absent(method) else constant_of(method)
        if not isinstance(name, str):
            return reader.fresh("output")
        function = reader.objects.instance_attribute(model, name, call.node)
    if not isinstance(function, Function | Wrapped):
        return reader.fresh("output")
    with serving(reader, streams):
        return reader.calls.call(function, call.args[1:], keywords, call.node)


def _note_streams(reader: Reader, streams: Streams, call: Call, model: Value) -> None:
    """Note which of the keys that it was given a model used."""
    for name, key in streams.keys.items():
        if streams.kind == "init":
            note_run(reader, call, "init", key, model=model, text=call.text(0, "rngs"))
        elif streams.drawn.get(name) or not is_module(reader, model):
            text = f"stream {name!r}"
            note_run(reader, call, "apply", key, model=model, text=text)


def _note_wrong_keyword(reader: Reader, call: Call) -> None:
    """``rng=`` is given where ``rngs=`` is meant: a model whose call takes ``rng`` may mean it."""
    value, model = call.keywords.get("rng"), call.owner
    if value is None or "rngs" in call.keywords:
        return
    if isinstance(model, Instance) and _takes_rng(
        reader, model, streams=isinstance(value, Mapping)
    ):
        return
    if isinstance(value, Mapping) or is_module(reader, model):
        reader.fact("rng_keyword", call.node, method=call.name)


def _takes_rng(reader: Reader, model: Instance, *, streams: bool) -> bool:
    """Whether a model's call may mean ``rng``: by name, or, if that is no dictionary, by ``**``."""
    method = reader.objects.class_attribute(model.cls, "__call__")
    if not isinstance(method, Function):
        return False
    arguments = method.node.args
    names = [parameter.arg for parameter in (*arguments.args, *arguments.kwonlyargs)]
    return "rng" in names or (arguments.kwarg is not None and not streams)


def _note_suspects(reader: Reader, rngs: Mapping, node: ast.AST) -> None:
    """Note a stream whose name is nearly ``dropout`` or ``params``."""
    for given in rngs.items:
        if not isinstance(given, str) or not given.isalpha():
            continue
        if given in ("dropout", "params", "param"):
            continue
        for stream in ("dropout", "params"):
            # 0.85: one letter of seven that is wrong, doubled or missing
            near = difflib.SequenceMatcher(None, given.lower(), stream).ratio() > 0.85
            if near and stream not in rngs.items:
                reader.fact("suspect_stream", node, given=given, stream=stream)


# Train states.

_TRAIN_STATE = "flax.training.train_state.TrainState"


def create_state(reader: Reader, call: Call) -> Value | None:
    """``TrainState.create(apply_fn=..., params=..., tx=...)``."""
    if "apply_fn" not in call.keywords and "params" not in call.keywords:
        return None
    return _state(reader, call, dict(call.keywords))


def _state(reader: Reader, call: Call, fields: dict[str, Value]) -> Made:
    made = call.made(reader, _TRAIN_STATE, [], fields)
    for name in ("step", "opt_state"):
        if name not in fields:
            reader.store(made, name, reader.fresh(name))
    for name, value in fields.items():
        if name != "**":
            reader.store(made, name, value)
    return made


def update_state(reader: Reader, call: Call) -> Value:
    """``state.apply_gradients(grads=...)``, ``state.replace(...)``: what is not named stays."""
    state = call.owner
    assert isinstance(state, Made)
    given = {n: value for n, value in call.keywords.items() if n not in ("grads", "**")}
    trained = {n: reader.fresh(n) for n in ("params", "batch_stats") if n in state.keywords}
    found = _state(reader, call, {**state.keywords, **trained, **given})
    step = reader.load(state, "step")
    if call.name == "replace" and step is not None and "step" not in found.keywords:
        reader.store(found, "step", step)
    return found
