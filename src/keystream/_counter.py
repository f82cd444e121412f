"""The 64-bit counter of a name: stream id (20 bits), then coordinates and step (44 bits, mixed radix).

Layout 1, from the top bit down::

    high word                      low word
    [ stream id : 20 ][ position : 44                                ]

    position = step + steps * (c1 + n1 * (c2 + n2 * (...)))

``c1`` is the first declared coordinate, ``n1`` its size. The map is injective on the declared ranges,
so with the bijective block distinct names have distinct keys. Coordinate 0 adds nothing: declaring a
coordinate leaves existing keys as they are. The last step value is reserved for ``init``.

Id 0 belongs to no stream. Its counters of high word 0 are JAX's own children of the root
(``fold_in(root, i)``, ``split(root, n)[i]``); `OUTSIDE_HIGH`, still id 0, is where traced values out of
range go.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LAYOUT: Final = 1
ID_BITS: Final = 20
POSITION_BITS: Final = 44
ID_SHIFT: Final = POSITION_BITS - 32
WORD: Final = 2**32
OUTSIDE_HIGH: Final = (1 << ID_SHIFT) - 1  # id 0, position bits all ones: no JAX child, no name


def stream_id(qualified_name: str) -> int:
    """The id of a stream: 20 bits of SHA-256 of its UTF-8 name, never 0.

    Args:
        qualified_name: the name, after its namespaces, joined by ``/`` (``teacher/dropout``).

    Returns:
        An integer in [1, 2**20).
    """
    digest = hashlib.sha256(qualified_name.encode()).digest()
    return 1 + int.from_bytes(digest[:8], "big") % (2**ID_BITS - 1)


@dataclass(frozen=True)
class Radix:
    """The mixed radix of a position: the range of the step, then of each coordinate in order.

    Args:
        steps: how many step values there are, the reserved last one included; in [2, 2**32].
        coordinates: pairs of name and size, sizes in [1, 2**32].
    """

    steps: int
    coordinates: tuple[tuple[str, int], ...]

    @property
    def init_step(self) -> int:
        """The step value that ``init`` keys have, and no run-time key."""
        return self.steps - 1

    @property
    def positions(self) -> int:
        """How many positions the declaration has; at most 2**44 fit."""
        return self.steps * math.prod(size for _, size in self.coordinates)

    @property
    def weights(self) -> dict[str, int]:
        """What one unit of each coordinate adds to the position."""
        weights: dict[str, int] = {}
        weight = self.steps
        for name, size in self.coordinates:
            weights[name] = weight
            weight *= size
        return weights

    def pack(self, step: int, coordinates: Mapping[str, int]) -> int:
        """The position of integers known to be in range; `unpack` is its inverse."""
        weights = self.weights
        return step + sum(weights[name] * value for name, value in coordinates.items())

    def unpack(self, position: int) -> tuple[int, dict[str, int]] | None:
        """The step and coordinates of a position, or None where no declared value has it."""
        rest, step = divmod(position, self.steps)
        coordinates: dict[str, int] = {}
        for name, size in self.coordinates:
            rest, coordinates[name] = divmod(rest, size)
        return None if rest else (step, coordinates)


def counter(identifier: int, position: int) -> tuple[int, int]:
    """The two words (high, low) of an id in [0, 2**20) and a position in [0, 2**44)."""
    return (identifier << ID_SHIFT) | (position // WORD), position % WORD


def split_counter(high: int, low: int) -> tuple[int, int]:
    """The id and position of a counter's two words; the inverse of `counter`."""
    return high >> ID_SHIFT, (high & OUTSIDE_HIGH) * WORD + low
