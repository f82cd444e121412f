"""``jax.random``: what makes a key or derives one, and draws of which more is known than the key."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._lint.counting import adds_counters, collision, is_cut, neighbour, shared
from keystream._lint.libraries.call import Call
from keystream._lint.libraries.rates import check_range, remember
from keystream._lint.libraries.signatures import KEY, Draw, draw, key_text
from keystream._lint.symbols import (
    Called,
    Child,
    Constant,
    KeyArray,
    KeyData,
    Operation,
    Seed,
    Stack,
    StreamKey,
    Symbol,
    Value,
)
from keystream._lint.values import Instance, Sequence, constant_of

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_CASTS = frozenset(
    [
        f"{module}.{kind}"
        for module in ("numpy", "jax.numpy")
        for kind in ("uint32", "int32", "asarray")
    ]
)
_ROUTED = 16  # children of one split whose making is remembered


def seed(reader: Reader, call: Call) -> Value:
    """``key(seed)``, ``PRNGKey(seed)``."""
    number = call.argument(0, "seed")
    if call.short == "PRNGKey":
        reader.fact("legacy", call.node)
    if not isinstance(number, Symbol):
        number = reader.fresh("seed", *call.args)
    plain = constant_of(number)
    if isinstance(plain, int) and not isinstance(plain, bool) and not -(2**31) <= plain < 2**32:
        reader.fact("seed_wraps", call.node, seed=plain)
    if is_cut(number):
        reader.fact("seed_cut", call.node, text=key_text(call, KEY))
    reader.fact("seed", call.node, seed=number, name=call.name, jitted=tuple(reader.jitted))
    _compare_turns(reader, call.node, None, number)
    return seeded(reader, call, neighbour(reader.table, number), call.argument(1, "impl"))


def seeded(reader: Reader, call: Call, number: Value, implementation: object = None) -> Symbol:
    """The key that is made of a seed; a framework that makes keys its own way is an implementation."""
    key = reader.table.symbol(Seed, number, implementation)
    reader.route(key, "seed", call.node)
    return key


def configure(reader: Reader, call: Call) -> None:
    """``jax.config.update``: whether 64-bit numbers are on."""
    if constant_of(call.argument(0)) == "jax_enable_x64":
        reader.facts.wide = constant_of(call.argument(1)) is not False


def split(reader: Reader, call: Call) -> Value:
    """``split(key, count)``."""
    key, count = call.argument(0, "key"), call.argument(1, "num")
    if not isinstance(key, Symbol):
        return reader.fresh("split", *call.args)
    count = reader.table.constant(2) if count is None else count
    if isinstance(count, Sequence) and len(count.items) == 1:
        count = count.items[0]
    text = key_text(call, KEY)
    if isinstance(count, Sequence) and count.rest is None:  # an array of keys by its shape
        reader.use(key, "split", call.name, call.node, text=text, extra="array")
        return reader.table.symbol(KeyArray, key, tuple(count.items))
    count = count if isinstance(count, Symbol) else reader.fresh("count")
    reader.use(key, "split", call.name, call.node, text=text, extra=count)
    number = constant_of(count)
    for index in range(min(number, _ROUTED) if isinstance(number, int) else 0):
        child = reader.table.symbol(Child, key, reader.table.constant(index))
        reader.route(child, "split", call.node)
    stack = reader.table.symbol(Stack, key, count)
    reader.route(stack, "split", call.node)
    return stack


def fold(reader: Reader, call: Call) -> Value:
    """``fold_in(key, data)``."""
    key, datum = call.argument(0, "key"), call.argument(1, "data")
    if not isinstance(key, Symbol):
        return reader.fresh("fold", *call.args)
    if not isinstance(datum, Symbol):
        datum = reader.fresh("datum", *call.args)
    child = reader.table.symbol(Child, key, neighbour(reader.table, datum))
    turns = reader.frame.turns
    reader.fact("fold", call.node, key=key, datum=datum, child=child, turns=turns)
    _compare_turns(reader, call.node, key, datum)
    reader.use(key, "fold", call.name, call.node, text=key_text(call, KEY), extra=datum)
    reader.route(child, "fold", call.node)
    return child


def _compare_turns(reader: Reader, node: ast.AST, key: Symbol | None, datum: Symbol) -> None:
    """Note where two turns of a loop that was read with its numbers have seeds in common."""
    chain = tuple(site.node for site in reader.chain)
    before = reader.numbered.setdefault((node, chain, key), datum)
    number = shared(before, datum) if before is not datum else None
    if number is not None:
        reader.fact("seeds_meet", node, number=number)
    if not reader.hushed and (node, datum) not in reader.weighed:
        reader.weighed.add((node, datum))
        _weigh(reader, node, datum)


def _weigh(reader: Reader, node: ast.AST, datum: Symbol) -> None:
    """Note where counters in one number meet: each time that it is made of others."""
    twins = collision(datum)
    if twins is not None:
        reader.fact("counters_meet", node, twins=twins)
    elif adds_counters(datum):
        reader.fact("counters_added", node)


def added(reader: Reader, node: ast.BinOp, left: Value, right: Value) -> Symbol | None:
    """``key + number``, of a key that is an array of words: equal sums are equal keys."""
    if not isinstance(left, Seed | Child):
        left, right = right, left
    if not isinstance(left, Seed | Child) or not isinstance(right, Symbol):
        return None
    base: Symbol = reader.table.symbol(KeyData, left)
    number = _whole(right)
    if isinstance(left, Child) and isinstance(left.key, KeyData):  # a sum already
        base, number = left.key, reader.table.symbol(Operation, "Add", (left.index, number))
    child = reader.table.symbol(Child, base, neighbour(reader.table, number))
    reader.route(child, "fold", node)
    return child


def _whole(number: Symbol) -> Symbol:
    """A number under its cast to a dtype: ``jnp.uint32(step)``."""
    while isinstance(number, Called) and number.function in _CASTS:
        inner = number.arguments[0] if number.arguments else None
        if not isinstance(inner, Symbol):
            break
        number = inner
    return number


def data(reader: Reader, call: Call) -> Value:
    """``key_data(key)``, and back again."""
    key = call.argument(0, "keys", "key_bits_array")
    if not isinstance(key, Symbol):
        return reader.fresh("data")
    if isinstance(key, KeyData) and call.short == "wrap_key_data":
        return key.key
    return reader.table.symbol(KeyData, key)


def bernoulli(reader: Reader, call: Call) -> Value:
    """A draw whose probability may be out of range, or be forgotten where the mask is scaled."""
    probability = call.argument(1, "p")
    check_range(reader, call, probability, call.name)
    drawn = Draw()(reader, call)
    return remember(reader, call, probability, drawn) if call.argument(0, "key", "rng") else drawn


def sample_method(reader: Reader, call: Call) -> Value | None:
    """A distribution's draw: distrax and TFP take ``seed=``, NumPyro ``key`` or ``rng_key``."""
    names = ("seed", "key", "rng_key")
    key = next((call.keywords[name] for name in names if name in call.keywords), None)
    if not isinstance(key, Symbol) or isinstance(call.owner, Instance):
        return None
    if isinstance(key, Constant) and key.value is None:
        return None
    return draw(reader, key, call, f".{call.name}")


# Initialisers.


def initialiser(reader: Reader, call: Call) -> Value | None:
    """``jax.nn.initializers.normal()`` makes one; one that is called with a key draws."""
    if not call.short.islower():
        return None
    key = call.argument(0, "key")
    if isinstance(key, Seed | Child | StreamKey):
        return draw(reader, key, call, call.name)
    return call.made(reader, "initialiser")
