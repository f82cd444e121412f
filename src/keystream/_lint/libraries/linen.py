"""Flax Linen: ``init`` and ``apply`` with their streams, Dropout, lifted transformations."""

from __future__ import annotations

import ast
import difflib
import re
from typing import Any

from keystream._lint.calls import Calls
from keystream._lint.facts import Fact, text_of
from keystream._lint.frames import Streams
from keystream._lint.libraries.layers import (
    check_flag,
    evaluating,
    is_off,
    keyword_node,
    off_in_training,
    truth,
)
from keystream._lint.libraries.random import draw
from keystream._lint.libraries.rates import check_rate
from keystream._lint.registry import MADE, Call, handles, handles_method
from keystream._lint.values import (
    Function,
    Instance,
    Made,
    Mapping,
    Method,
    Sequence,
    Symbol,
    Value,
    Wrapped,
    constant_of,
    is_constant,
)

RESERVED = frozenset({"rngs", "rng", "method", "mutable", "capture_intermediates", "**"})


def is_module(reader: Calls, value: Value | None) -> bool:
    """Whether a value is an object of a Linen module class."""
    return isinstance(value, Instance) and reader.framework(value.cls) == "linen"


# Dropout.


@handles("flax.linen.Dropout", "keystream.linen.Dropout")
def _dropout(reader: Calls, call: Call) -> Value:
    check_rate(reader, call.argument(0, "rate"), call.node, "nn.Dropout")
    check_flag(reader, call.node, "deterministic")
    return Made(
        "flax.linen.Dropout",
        call.args,
        call.keywords,
        call.node,
        reader.fresh("dropout"),
        reader.site(call.node),
    )


def _dropped(reader: Calls, call: Call) -> Value | None:
    made = call.owner
    assert isinstance(made, Made)
    rate = made.args[0] if made.args else made.keywords.get("rate")
    there = made.keywords.get("deterministic") or (made.args[2] if len(made.args) > 2 else None)
    here = call.argument(1, "deterministic")
    check_flag(reader, call.node, "deterministic")
    known = call.surely and "**" not in made.keywords
    if known and _absent(there) and _absent(here) and constant_of(rate) != 0:
        reader.fact("mode_not_given", call.node, layer="nn.Dropout", where="deterministic")
        return reader.fresh("dropped")
    mode = here if not _absent(here) else there
    if is_off(rate, mode):
        if truth(mode) is True:
            off_in_training(reader, made, call.node, rate=constant_of(rate))
        return call.argument(0, "inputs")
    name = constant_of(made.keywords.get("rng_collection"), "dropout")
    key = call.argument(2, "rng")
    sure = truth(mode) is False and constant_of(rate, 0.5) != 0
    if key is None or is_constant(key):
        key = take(reader, str(name), call.node, sure=sure, module=made)
    reader.use(key, "draw", "nn.Dropout", call.node, text=f"stream {name!r}")
    if sure:
        reader.fact("dropout_draws", call.node, layer="nn.Dropout", stream=name)
        evaluating(reader, call.node, "nn.Dropout")
    return reader.fresh("dropped", key)


def _absent(value: Value | None) -> bool:
    return value is None or (is_constant(value) and constant_of(value) is None)


MADE["flax.linen.Dropout"] = _dropped


# Streams.


def take(
    reader: Calls, name: str, node: ast.AST, *, sure: bool = True, module: Value | None = None
) -> Value:
    """A key of a stream, as `make_rng` gives it."""
    context = reader.streams[-1] if reader.streams else None
    if context is None or context.framework != "linen" or name in context.hidden:
        return reader.fresh("stream")
    place = module.symbol if isinstance(module, Instance | Made) else None
    context.places.setdefault(name, set()).add(place)
    key = context.keys.get(name)
    if key is None:
        if context.complete and sure:
            _missing(reader, context, name, node)
        if not context.complete:
            return reader.fresh("stream")
        key = context.keys.get("params")
        if context.kind == "init":
            return reader.fresh("stream")
    number = context.drawn[name] = context.drawn.get(name, 0) + 1
    if not isinstance(key, Symbol):
        return reader.fresh("stream")
    return reader.table.symbol("stream", key, name, number)


def _missing(reader: Calls, context: Streams, name: str, node: ast.AST) -> None:
    fact = (
        "single_key_init"
        if context.kind == "init" and context.single
        else "stream_fallback"
        if "params" in context.keys
        else "missing_rngs"
    )
    if name == "params":
        return
    if ("streams", context.site.node) in reader.reported or reader.hushed:
        return
    reader.reported.add(("streams", context.site.node))
    reader.facts.facts.append(
        Fact(
            fact,
            context.site,
            context.chain,
            {
                "stream": name,
                "given": sorted(context.keys),
                "kind": context.kind,
                "drawn": reader.site(node),
            },
        )
    )


@handles_method("make_rng")
def _make_rng(reader: Calls, call: Call) -> Value | None:
    name = constant_of(call.argument(0, "name"), "params")
    if not isinstance(name, str):
        return reader.fresh("stream")
    if reader.streams:
        return take(reader, name, call.node, module=call.owner)
    return reader.fresh("stream")


def given_streams(
    reader: Calls, value: Value | None, kind: str, node: ast.AST, places: dict[str, set[Any]]
) -> tuple[dict[str, Value], bool, bool]:
    """An ``rngs`` argument: keys by name, whether all are seen, whether it is one key without names."""
    if value is None or (is_constant(value) and constant_of(value) is None):
        return {}, True, False
    if isinstance(value, Mapping):
        keys = {str(name): key for name, key in value.items.items()}
        _twins(reader, keys, kind, node, places)
        return keys, value.complete, False
    if is_keyish(value):
        return {"params": value}, True, True
    return {}, False, False


def _twins(
    reader: Calls, keys: dict[str, Value], kind: str, node: ast.AST, places: dict[str, set[Any]]
) -> None:
    seen: dict[int, str] = {}
    for name, key in keys.items():
        if isinstance(key, Symbol) and key.op not in ("opaque", "const") and id(key) in seen:
            names = (seen[id(key)], name)
            reader.fact("twin_streams", node, names=names, kind=kind, key=key, places=places)
            return
        seen.setdefault(id(key), name)


def _enter(reader: Calls, call: Call, kind: str, rngs: Value | None) -> Streams:
    places: dict[str, set[Any]] = {}
    keys, complete, single = given_streams(reader, rngs, kind, call.node, places)
    site = reader.site(call.node)
    chain = (*reader.chain, site)
    return Streams(kind, keys, complete and call.surely, single, site, chain, places=places)


def _note(reader: Calls, context: Streams, call: Call, model: Value) -> None:
    for name, key in context.keys.items():
        if context.kind == "init":
            reader.use(
                key,
                "init",
                f"{text_of(getattr(call.node, 'func', None))}",
                call.node,
                text=text_of(_rng_node(call)),
                extra=model,
            )
        elif context.drawn.get(name) or not is_module(reader, model):
            reader.use(
                key,
                "apply",
                f"{text_of(getattr(call.node, 'func', None))}",
                call.node,
                text=name,
                extra=model,
            )


def _rng_node(call: Call) -> ast.AST | None:
    node = call.node
    if isinstance(node, ast.Call):
        found = keyword_node(node, "rngs")
        return found if found is not None else (node.args[0] if node.args else None)
    return None


@handles_method("init", "init_with_output")
def _init(reader: Calls, call: Call) -> Value | None:
    model = call.owner
    if not is_module(reader, model):
        if (
            isinstance(call.argument(0), Symbol)
            and is_seeded(call.argument(0))
            and _looks_like_model(model)
        ):
            reader.use(
                call.args[0],
                "init",
                text_of(getattr(call.node, "func", None)),
                call.node,
                text=text_of(_rng_node(call)),
                extra=model,
            )
        return None
    assert isinstance(model, Instance)
    rngs = call.argument(0, "rngs")
    _wrong_keyword(reader, call)
    if rngs is None:
        return reader.fresh("variables")
    context = _enter(reader, call, "init", rngs)
    _inside(reader, context, model, call, 1)
    _note(reader, context, call, model)
    return reader.fresh("variables")


def is_seeded(value: Value | None) -> bool:
    """Whether a value is a key whose making was seen."""
    return isinstance(value, Symbol) and value.op in ("seed", "child")


_KEY_NAME = re.compile(r"(?:^|_)(?:key|rng|prng|prngkey|k|subkey)\d*$", re.IGNORECASE)


def is_keyish(value: Value | None) -> bool:
    """Whether a value is surely one key: by how it was made, or by its name."""
    if not isinstance(value, Symbol):
        return False
    if value.op in ("seed", "child", "stream", "named"):
        return True
    if value.op in ("lane", "elem"):
        return is_keyish(value.args[0]) or getattr(value.args[0], "op", "") == "stack"
    if value.op in ("parameter", "attr"):
        return isinstance(value.args[1], str) and bool(_KEY_NAME.search(value.args[1]))
    return False


def _looks_like_model(value: Value | None) -> bool:
    return (
        isinstance(value, Made)
        and (value.name.startswith(("haiku.", "flax.")))
        and "Transformed" not in value.name
    )


@handles_method("apply")
def _apply(reader: Calls, call: Call) -> Value | None:
    model = call.owner
    if isinstance(model, Instance) and not is_module(reader, model):
        return None
    _wrong_keyword(reader, call)
    rngs = call.keywords.get("rngs")
    if isinstance(model, Made) and model.name == "flax.linen.Dropout":
        own = {n: v for n, v in call.keywords.items() if n in ("deterministic", "rng")}
        reader.streams.append(_enter(reader, call, "apply", rngs))
        try:
            return reader.call(model, call.args[1:], own, call.node)
        finally:
            reader.streams.pop()
    if not is_module(reader, model):
        if isinstance(rngs, Mapping) and not isinstance(model, Made):
            _suspect(reader, rngs, call.node)
            context = _enter(reader, call, "apply", rngs)
            _note(reader, context, call, model if model is not None else rngs)
        return None
    assert isinstance(model, Instance)
    context = _enter(reader, call, "apply", rngs)
    result = _inside(reader, context, model, call, 1)
    _note(reader, context, call, model)
    mutable = call.keywords.get("mutable")
    if mutable is not None and constant_of(mutable, True) is not False:
        return Sequence([result, reader.fresh("variables")])
    return result


def _inside(reader: Calls, context: Streams, model: Instance, call: Call, skip: int) -> Value:
    method = call.keywords.get("method")
    keywords = {name: value for name, value in call.keywords.items() if name not in RESERVED}
    if "**" in call.keywords:
        keywords["**"] = call.keywords["**"]
    if method is None or (is_constant(method) and constant_of(method) is None):
        function: Value = reader.instance_attribute(model, "__call__", call.node)
    elif isinstance(constant_of(method), str):
        function = reader.instance_attribute(model, constant_of(method), call.node)
    elif isinstance(method, Function):
        function = reader.bind_method(method, model) if method.bound is None else method
    else:
        return reader.fresh("output")
    if not isinstance(function, Function | Wrapped):
        return reader.fresh("output")
    reader.streams.append(context)
    try:
        return reader.call(function, call.args[skip:], keywords, call.node)
    finally:
        reader.streams.pop()


def _wrong_keyword(reader: Calls, call: Call) -> None:
    value = call.keywords.get("rng")
    if value is None or "rngs" in call.keywords:
        return
    if isinstance(value, Mapping) or is_module(reader, call.owner):
        if isinstance(call.owner, Instance):
            method = reader.class_attribute(call.owner.cls, "__call__")
            if isinstance(method, Function) and (
                method.node.args.kwarg is not None
                or any(
                    p.arg == "rng" for p in (*method.node.args.args, *method.node.args.kwonlyargs)
                )
            ):
                return
        reader.fact("rng_keyword", call.node, method=call.name)


@handles_method("apply_fn")
def _apply_fn(reader: Calls, call: Call) -> Value | None:
    """``state.apply_fn(...)`` of a state that is not known."""
    _wrong_keyword(reader, call)
    rngs = call.keywords.get("rngs")
    if isinstance(rngs, Mapping):
        _suspect(reader, rngs, call.node)
        context = _enter(reader, call, "apply", rngs)
        _note(reader, context, call, rngs)
    return None


def _suspect(reader: Calls, rngs: Mapping, node: ast.AST) -> None:
    """Note a stream whose name is nearly ``dropout`` or ``params``."""
    for given in rngs.items:
        for stream in ("dropout", "params"):
            if (
                isinstance(given, str)
                and given not in ("dropout", "params", "param")
                and given.isalpha()
                and difflib.SequenceMatcher(None, given.lower(), stream).ratio() > 0.85
                and stream not in rngs.items
            ):
                reader.fact("suspect_stream", node, given=given, stream=stream)


_EXPORTED = (Method, draw)
