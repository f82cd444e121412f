"""Flax Linen: layers that draw, what a call needs, a guard against the fall-back to ``params``.

Linen takes keys as dictionaries, and `Streams` makes them, so nothing wraps ``init`` and ``apply``:

    variables = model.init(streams.init_rngs(), x, deterministic=False)
    y = model.apply(variables, x, deterministic=False, rngs=streams.rngs(step))
"""

from __future__ import annotations

from keystream._linen.guard import Guard, StreamMissingError, guard
from keystream._linen.layers import Dropout, DropPath, GaussianNoise
from keystream._linen.needs import Needs, needs

__all__ = [
    "DropPath",
    "Dropout",
    "GaussianNoise",
    "Guard",
    "Needs",
    "StreamMissingError",
    "guard",
    "needs",
]
