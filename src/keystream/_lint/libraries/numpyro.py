"""NumPyro: ``handlers.seed``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call
from keystream._lint.symbols import Child, Constant, Seed, Value

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


def seed(reader: Reader, call: Call) -> Value:
    """``handlers.seed(model, rng_seed)``, or ``with handlers.seed(rng_seed):``."""
    key, first = call.argument(1, "rng_seed"), call.argument(0)
    if key is None and isinstance(first, Constant | Seed | Child):
        key = first
    reader.fact("seed_handler", call.node, seed=key, turns=reader.frame.turns)
    return call.made(reader)
