"""Which draws used a key that another draw used: found in parts, so that memory holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keystream._audit.recording import Recording, Site
from keystream._audit.store import CHUNK, chunks

Rows = NDArray[np.intp]
_PARTS = 16  # at most; each is one more look through the keys


@dataclass(frozen=True)
class Again:
    """The draws of a recording by their keys.

    Attributes:
        rows: the draws whose key another draw used too, by key, then in the order of the program.
        draws: how many draws there are.
        keys: how many different keys they used.
    """

    rows: Rows
    draws: int
    keys: int


def drawn_again(recording: Recording) -> Again:
    """The draws of a recording by their keys, worked out once."""
    found = recording.evidence.get("again")
    if found is None:
        found = recording.evidence["again"] = _look(recording)
    return found


def _look(recording: Recording) -> Again:
    draws = of_sites(recording, lambda site: site.kind == "draw")
    edges = _edges(recording.keys)
    rows: list[Rows] = []
    count = keys = 0
    for low, high in pairwise(edges):
        part = _drawn_between(recording, draws, low, high)
        mine = recording.keys[part]
        order = np.argsort(mine, kind="stable")
        mine = mine[order]
        new = mine[1:] != mine[:-1]
        count += len(part)
        keys += int(new.sum()) + bool(len(part))
        shared = np.r_[~new, False] | np.r_[False, ~new] if len(part) else np.zeros(0, bool)
        rows.append(part[order[shared]])
    return Again(np.concatenate(rows) if rows else np.zeros(0, np.intp), count, keys)


def _edges(keys: NDArray[np.uint64]) -> list[int]:
    """Where to cut the range of keys, so that no part is long: keys are spread evenly, or nearly."""
    parts = min(_PARTS, -(-len(keys) // CHUNK))
    if parts <= 1:
        return [0, 1 << 64]
    sample = np.sort(keys[:: max(len(keys) // 65536, 1)])
    cuts = sample[np.linspace(0, len(sample), parts, endpoint=False).astype(int)[1:]]
    return [0, *sorted(set(cuts.tolist()) - {0}), 1 << 64]


def _drawn_between(recording: Recording, draws: NDArray[np.bool_], low: int, high: int) -> Rows:
    """The draws whose keys are at least `low` and below `high`."""
    least, most = np.uint64(low), np.uint64(high - 1)

    def wanted(at: slice) -> NDArray[np.bool_]:
        keys = recording.keys[at]
        return draws[recording.key_sites[at]] & (keys >= least) & (keys <= most)

    return select(recording, wanted)


def select(recording: Recording, wanted: Callable[[slice], NDArray[np.bool_]]) -> Rows:
    """The rows that a condition on blocks of them picks."""
    found = [np.flatnonzero(wanted(at)) + at.start for at in chunks(len(recording.keys))]
    return np.concatenate(found) if found else np.zeros(0, np.intp)


def of_sites(recording: Recording, wanted: Callable[[Site], Any]) -> NDArray[np.bool_]:
    """For each site, whether it has a property."""
    return np.array([bool(wanted(site)) for site in recording.sites], bool)
