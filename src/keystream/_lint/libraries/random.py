"""``jax.random``: what draws, what derives, what makes a key."""

from __future__ import annotations

import ast
import re

from keystream._lint.calls import Calls
from keystream._lint.facts import Site, text_of
from keystream._lint.names import SAMPLERS
from keystream._lint.registry import MADE, PREFIXES, Call, handles, handles_method
from keystream._lint.values import (
    Function,
    Instance,
    Made,
    Mapping,
    Reference,
    Sequence,
    Symbol,
    Value,
    Wrapped,
    constant_of,
)


def key_text(call: Call, position: int = 0, *names: str) -> str:
    """A call's key as the source spells it."""
    node = call.node
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg in (*names, "key", "rng", "seed", "rng_key"):
                return text_of(keyword.value)
        if position < len(node.args):
            return text_of(node.args[position])
    return ""


def _sample(reader: Calls, call: Call) -> Value | None:
    name = call.name.rpartition(".")[2]
    if name not in SAMPLERS:
        return None
    key = call.argument(0, "key", "rng")
    if name == "bernoulli":
        probability = constant_of(call.argument(1, "p"))
        if isinstance(probability, int | float) and not 0 <= probability <= 1:
            reader.fact("rate", call.node, rate=probability, layer="jax.random.bernoulli")
    if key is None:
        return reader.fresh(name)
    return draw(reader, key, call, call.name)


def draw(reader: Calls, key: Value, call: Call, name: str, position: int = 0) -> Value:
    """Note a draw from a key."""
    reader.use(key, "draw", name, call.node, text=key_text(call, position))
    if isinstance(key, Symbol) and reader.jitted and _is_baked(reader, key):
        reader.fact(
            "key_baked",
            call.node,
            name=name,
            jitted=reader.jitted[-1],
            text=key_text(call, position),
        )
    return reader.fresh("drawn", key)


def _is_baked(reader: Calls, key: Symbol) -> bool:
    """Whether a key is a constant of the compiled function: made of literals, and no argument."""
    if any(mapped.kind != "vmap" for mapped in reader.mapped):
        return False  # replicas: KS301
    if any(_ONCE.search(site.function) or _ONCE.search(_name(site)) for site in reader.jitted):
        return False
    while key.op in ("child", "stream", "index"):
        if key.op != "stream" and constant_of(key.args[1], reader) is reader:
            return False
        if key in reader.jit_arguments or key.args[1] in reader.jit_arguments:
            return False
        if not isinstance(key.args[0], Symbol):
            return False
        key = key.args[0]
    return (
        key.op == "seed"
        and key not in reader.jit_arguments
        and key not in reader.default_keys
        and isinstance(constant_of(key.args[0]), int)
    )


_ONCE = re.compile(
    r"init|make|create|build|setup|main|run|train$|generate|reset|data", re.IGNORECASE
)


def _name(site: Site) -> str:
    value = site.callee
    while isinstance(value, Wrapped):
        value = value.function
    return value.name if isinstance(value, Function) else ""


PREFIXES.append(("jax.random.", _sample))


@handles("jax.random.key", "jax.random.PRNGKey")
def _seed(reader: Calls, call: Call) -> Value:
    seed = call.argument(0, "seed")
    if call.name.endswith("PRNGKey"):
        reader.fact("legacy", call.node)
    if not isinstance(seed, Symbol):
        seed = reader.fresh("seed", *call.args)
    number = constant_of(seed)
    if isinstance(number, int) and not isinstance(number, bool) and not -(2**31) <= number < 2**32:
        reader.fact("seed_wraps", call.node, seed=number)
    implementation = call.argument(1, "impl")
    reader.fact("seed", call.node, seed=seed, name=call.name, jitted=tuple(reader.jitted))
    key = reader.table.symbol("seed", seed, implementation)
    reader.route(key, "seed", call.node)
    return key


@handles("jax.random.split")
def _split(reader: Calls, call: Call) -> Value:
    key = call.argument(0, "key")
    count = call.argument(1, "num")
    if not isinstance(key, Symbol):
        return reader.fresh("split", *call.args)
    if count is None:
        count = reader.table.constant(2)
    if isinstance(count, Sequence) and len(count.items) == 1:
        count = count.items[0]
    if isinstance(count, Sequence) and count.rest is None:
        reader.use(key, "split", call.name, call.node, text=key_text(call), extra="array")
        return reader.table.symbol("split", key, *count.items)
    if not isinstance(count, Symbol):
        count = reader.fresh("count")
    reader.use(key, "split", call.name, call.node, text=key_text(call), extra=count)
    if isinstance(constant_of(count), int):
        for index in range(min(constant_of(count), 16)):
            reader.route(
                reader.table.symbol("child", key, reader.table.constant(index)), "split", call.node
            )
    return reader.table.symbol("stack", key, count)


@handles("jax.random.fold_in")
def _fold(reader: Calls, call: Call) -> Value:
    key = call.argument(0, "key")
    datum = call.argument(1, "data")
    if not isinstance(key, Symbol):
        return reader.fresh("fold", *call.args)
    if not isinstance(datum, Symbol):
        datum = reader.fresh("datum", *call.args)
    reader.fact("fold", call.node, key=key, datum=datum, turns=reader.frame.turns)
    reader.use(key, "fold", call.name, call.node, text=key_text(call), extra=datum)
    child = reader.table.symbol("child", key, datum)
    reader.route(child, "fold", call.node)
    return child


@handles("jax.random.clone")
def _clone(reader: Calls, call: Call) -> Value:
    return reader.fresh("clone", *call.args)


@handles("jax.random.key_data", "jax.random.wrap_key_data", "jax.random.key_impl")
def _data(reader: Calls, call: Call) -> Value:
    key = call.argument(0, "keys", "key_bits_array")
    if not isinstance(key, Symbol):
        return reader.fresh("data")
    if key.op == "data" and call.name.endswith("wrap_key_data"):
        return key.args[0]
    return reader.table.symbol("data", key)


@handles_method(
    "sample", "sample_and_log_prob", "_sample_n", "rsample", "sample_with_intermediates"
)
def _sample_method(reader: Calls, call: Call) -> Value | None:
    """A distribution's draw: distrax and TFP take ``seed=``, NumPyro ``key``."""
    key = call.keywords.get("seed") or call.keywords.get("key") or call.keywords.get("rng_key")
    if not isinstance(key, Symbol) or isinstance(call.owner, Instance):
        return None
    if key.op in ("const", "parameter") and constant_of(key, 1) is None:
        return None
    return draw(reader, key, call, f".{call.name}")


@handles_method("split", "fold_in")
def _not_a_key(reader: Calls, call: Call) -> Value | None:
    """``text.split()`` and the like are not ours."""
    del reader, call
    return None


def is_key_like(value: Value | None) -> bool:
    """Whether a value was derived from a key that is seen."""
    return isinstance(value, Symbol) and value.op in ("seed", "child", "stream")


_INITIALISERS = "jax.nn.initializers."


def _initialiser(reader: Calls, call: Call) -> Value | None:
    name = call.name.rpartition(".")[2]
    if name in ("zeros", "ones"):
        return reader.fresh(name)
    if name in ("normal", "uniform", "lecun_normal", "xavier_uniform") or name.islower():
        if isinstance(call.argument(0, "key"), Symbol) and is_key_like(call.argument(0, "key")):
            key = call.argument(0, "key")
            if key is not None:
                return draw(reader, key, call, call.name)
        return Made("initialiser", call.args, call.keywords, call.node, reader.fresh(name))
    return None


PREFIXES.append((_INITIALISERS, _initialiser))


def _initialise(reader: Calls, call: Call) -> Value | None:
    key = call.argument(0, "key")
    owner = call.owner
    if key is None or not isinstance(owner, Made):
        return None
    if (
        "zeros" in str(owner.symbol.args)
        or "ones" in str(owner.symbol.args)
        or "constant" in str(owner.symbol.args)
    ):
        return reader.fresh("initial")
    return draw(reader, key, call, "an initialiser")


MADE["initialiser"] = _initialise
_TYPES = (Mapping, Reference)
