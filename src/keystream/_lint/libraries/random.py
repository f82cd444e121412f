"""``jax.random``: what draws, what derives, what makes a key."""

from __future__ import annotations

import ast

from keystream._lint.calls import Calls
from keystream._lint.counting import is_cut, neighbour
from keystream._lint.facts import text_of
from keystream._lint.libraries.closures import note_baked
from keystream._lint.libraries.rates import mask
from keystream._lint.names import SAMPLERS
from keystream._lint.registry import MADE, PREFIXES, Call, handles, handles_method
from keystream._lint.values import (
    Instance,
    Made,
    Mapping,
    Reference,
    Sequence,
    Symbol,
    Value,
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
    drawn = draw(reader, key, call, call.name)
    return mask(reader, call, drawn) if name == "bernoulli" else drawn


def draw(reader: Calls, key: Value, call: Call, name: str, position: int = 0) -> Value:
    """Note a draw from a key."""
    text = key_text(call, position)
    baked = isinstance(key, Symbol) and note_baked(reader, key, call, name, text)
    reader.use(key, "draw", name, call.node, text=text, baked=baked)
    return reader.fresh("drawn", key)


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
    if is_cut(seed):
        reader.fact("seed_cut", call.node, text=key_text(call))
    implementation = call.argument(1, "impl")
    reader.fact("seed", call.node, seed=seed, name=call.name, jitted=tuple(reader.jitted))
    seed = neighbour(reader.table, seed)
    key = reader.table.symbol("seed", seed, implementation)
    reader.route(key, "seed", call.node)
    return key


@handles("jax.config.update")
def _config(reader: Calls, call: Call) -> Value | None:
    if constant_of(call.argument(0)) == "jax_enable_x64":
        reader.facts.wide = constant_of(call.argument(1)) is not False
    return None


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
    stack = reader.table.symbol("stack", key, count)
    reader.route(stack, "split", call.node)
    return stack


@handles("jax.random.fold_in")
def _fold(reader: Calls, call: Call) -> Value:
    key = call.argument(0, "key")
    datum = call.argument(1, "data")
    if not isinstance(key, Symbol):
        return reader.fresh("fold", *call.args)
    if not isinstance(datum, Symbol):
        datum = reader.fresh("datum", *call.args)
    child = reader.table.symbol("child", key, neighbour(reader.table, datum))
    turns = reader.frame.turns
    reader.fact("fold", call.node, key=key, datum=datum, child=child, turns=turns)
    reader.use(key, "fold", call.name, call.node, text=key_text(call), extra=datum)
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
