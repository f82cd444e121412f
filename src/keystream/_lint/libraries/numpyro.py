"""NumPyro: ``handlers.seed``, and the state of an inference, which holds its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call
from keystream._lint.symbols import Child, Constant, Replaced, Seed, Symbol, Value
from keystream._lint.values import Made, Sequence

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


def seed(reader: Reader, call: Call) -> Value:
    """``handlers.seed(model, rng_seed)``, or ``with handlers.seed(rng_seed):``."""
    key, first = call.argument(1, "rng_seed"), call.argument(0)
    if key is None and isinstance(first, Constant | Seed | Child):
        key = first
    reader.fact("seed_handler", call.node, seed=key, turns=reader.frame.turns)
    made = call.made(reader)
    if isinstance(key, Symbol):
        reader.store(made, "rng_key", key)
    return made


def trace(reader: Reader, call: Call) -> Value:
    """``handlers.trace(handlers.seed(model, key))`` samples; a model with given values draws none."""
    seeded = call.argument(0, "fn")
    if isinstance(seeded, Made) and seeded.name == "numpyro.handlers.seed":
        key = reader.load(seeded, "rng_key")
        # in a loop itself KS106 tells; beside other uses, a trace may be for its sites alone
        if isinstance(key, Symbol) and reader.chain and not reader.frame.turns:
            reader.use(key, "handed", "handlers.trace", call.node)
    return call.made(reader)


_FIELDS = ("optim_state", "mutable_state", "rng_key")


def state(reader: Reader, call: Call) -> Value:
    """``SVIState(optim_state, mutable_state, rng_key)``."""
    made = call.made(reader)
    for position, name in enumerate(_FIELDS):
        value = call.argument(position, name)
        if value is not None:
            reader.store(made, name, value)
    return made


def update(reader: Reader, call: Call) -> Value | None:
    """``svi.update(state, ...)`` draws from the state's key, and returns a state with another one."""
    given = call.argument(0, "svi_state")
    if isinstance(given, Replaced) or (
        isinstance(given, Made) and given.name.endswith(".SVIState")
    ):
        key = reader.load(given, "rng_key")
        if isinstance(key, Symbol):
            reader.use(key, "draw", "SVI.update", call.node)
    return Sequence([reader.fresh("state"), reader.fresh("loss")])
