"""Keras: seeds that are integers, and generators of seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call
from keystream._lint.libraries.dropout import Dropout
from keystream._lint.libraries.jax_random import seeded
from keystream._lint.libraries.serving import next_key, start_sequence
from keystream._lint.symbols import Seed, Value
from keystream._lint.values import Class, Made, constant_of, usual

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

GENERATOR = "keras.random.SeedGenerator"
_DROPOUT = Dropout("keras.layers.Dropout", "keras.layers.Dropout", flag="")


def seed_generator(reader: Reader, call: Call) -> Value:
    """``keras.random.SeedGenerator(seed)``, which counts its draws."""
    made, start = call.made(reader, GENERATOR), call.argument(0, "seed")
    if start is None or not isinstance(constant_of(start), int):
        return made
    return start_sequence(reader, made, seeded(reader, call, start, "keras"))


def random(reader: Reader, call: Call) -> Value:
    """A draw by ``seed=``: from the generator's next key, or the same at each call."""
    seed = call.keywords.get("seed")
    if isinstance(seed, Made) and seed.name == GENERATOR:
        key = next_key(reader, seed)
        if key is not None:
            reader.use(key, "draw", call.name, call.node)
    elif isinstance(usual(seed), int) and _inside_layer(reader):
        reader.fact("keras_frozen", call.node, name=call.name, text=call.text(None, "seed"))
    elif seed is not None and isinstance(constant_of(seed), int):
        key = reader.table.symbol(Seed, seed, None)
        reader.use(key, "draw", call.name, call.node, text=f"seed={constant_of(seed)}")
    return reader.fresh(call.short)


def _inside_layer(reader: Reader) -> bool:
    """Whether the ``call`` of a layer is being read, which runs in each step."""
    for frame in reader.frames:
        owner = getattr(frame.owner, "owner", None)
        name = getattr(frame.node, "name", "")
        if (
            name == "call"
            and isinstance(owner, Class)
            and reader.objects.framework(owner) == "keras"
        ):
            return True
    return False


def dropout(reader: Reader, call: Call) -> Value:
    """A dropout layer, whose seed may be an integer."""
    seed = constant_of(call.keywords.get("seed"))
    if isinstance(seed, int):
        reader.fact("keras_seed", call.node, seed=seed, layer=call.name)
    return _DROPOUT(reader, call)
