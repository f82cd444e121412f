"""Moves the values of keys from the device to the columns of a recording, in batches.

Nothing waits while values are on their way; only what is about to be donated is waited for, and a
queue that has grown long.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from keystream._audit.recording import Recording
from keystream._audit.store import EDGES_KEPT, Columns, pack, unique

BATCH = 256  # pending uses that are looked through for values that have arrived
WAIT = 16384  # pending uses at which the program waits for them
BYTES = 1 << 25  # of pending values at which they are looked through


class Writer:
    """The queue of values that were asked for, and the columns they end in.

    Args:
        recording: gets the columns in the end, and counts of what repeats within a call.
        unseen: is told what could not be read.
    """

    def __init__(self, recording: Recording, unseen: Callable[[str], None]) -> None:
        self._recording, self._unseen = recording, unseen
        self._keys = Columns(np.uint64, np.uint32, np.uint32)
        self._edges = Columns(np.uint64, np.uint64, np.uint32, np.uint32, np.uint64)
        self._pending: list[tuple[Any, ...]] = []
        self._bytes = 0
        self._lock = threading.RLock()

    def call(self, call: int, sites: list[int], plan: Any, words: Any) -> None:
        """Queue the values of a compiled call."""
        self._pending.append((self._write_call, words, call, sites, plan))
        self._bytes += words.words.nbytes
        self._look()

    def eager(self, call: int, site: int, parent: Any, child: Any, data: Any) -> None:
        """Queue the keys of an eager operation: drawn from, or parent and child."""
        self._pending.append((self._write_eager, parent, call, site, child, data))
        self._look()

    def _look(self) -> None:
        full = self._bytes > BYTES
        if full or (len(self._pending) >= BATCH and len(self._pending) % 64 == 0):
            self._bytes = 0
            self.settle(wait=full or len(self._pending) >= WAIT)

    def settle(self, *, wait: bool) -> None:
        """Write down what has arrived, in order; with `wait`, everything."""
        with self._lock:
            pending, self._pending = self._pending, []
            for number, (write, values, *rest) in enumerate(pending):
                if not wait and not _ready(values):
                    self._pending = pending[number:] + self._pending
                    return
                try:
                    write(values, *rest)
                except Exception as error:  # a deleted buffer, say: the run goes on
                    self._unseen(f"values could not be read: {type(error).__name__}: {error}")

    def _write_call(self, words: Any, call: int, sites: list[int], plan: Any) -> None:
        for seen in words.read():
            planned, site = plan.sites[seen.site], sites[seen.site]
            values = pack(seen.keys)
            if seen.missed:
                self._unseen("iterations of a loop beyond those that are kept")
            if planned.kind != "seed":
                self._write_keys(call, site, values, seen.ran, planned.loops)
            if seen.children is None:
                continue
            children = pack(seen.children)
            data: Any = 0 if planned.kind == "seed" else np.arange(children.shape[-1])
            if planned.kind == "fold_in":
                data = np.asarray(seen.data)
                data = data.reshape(data.shape + (1,) * (children.ndim - data.ndim))
            parents = np.broadcast_to(values[..., None], children.shape)
            data = np.broadcast_to(data, children.shape)
            self._edge(site, call, *(_ran(each, seen.ran) for each in (children, parents, data)))

    def _write_eager(self, parent: Any, call: int, site: int, child: Any, data: Any) -> None:
        kind = self._recording.sites[site].kind
        if kind == "seed":
            seeds = np.asarray(parent)
            seeds = seeds if seeds.dtype == np.uint64 else seeds.astype(np.int64).astype(np.uint64)
            self._edge(site, call, _values(child).reshape(-1), seeds.reshape(-1), 0)
            return
        values = _values(parent)
        self._write_keys(call, site, values, None, ())
        if kind in ("split", "fold_in"):
            children, parents = _values(child).reshape(-1), values.reshape(-1)
            index = np.asarray(data).reshape(-1)
            if kind == "split":
                count = children.size // max(parents.size, 1)
                index, parents = np.tile(np.arange(count), parents.size), np.repeat(parents, count)
            self._edge(site, call, children, parents, index)

    def _write_keys(self, call: int, site: int, values: Any, ran: Any, loops: Any) -> None:
        """The keys of a site in one call; what repeats within the call is counted by its axis."""
        flat = _ran(values, ran)
        different = unique(flat) if flat.size > 1 else flat
        if different.size < flat.size:
            counts = self._recording.inner_repeats.setdefault(site, {})
            for axis in range(values.ndim):
                kind = loops[axis].kind if axis < len(loops) else "lanes"
                counts[kind] = counts.get(kind, 0) + _repeats_along(values, ran, axis)
        self._keys.append(different, site, call)

    def _edge(self, site: int, call: int, children: Any, parents: Any, data: Any) -> None:
        if len(self._edges) < EDGES_KEPT and children.size:
            data = np.asarray(data).astype(np.int64).astype(np.uint64)
            self._edges.append(children.reshape(-1), parents, site, call, data)

    def finish(self) -> None:
        """Wait for everything, and hand the columns to the recording."""
        self.settle(wait=True)
        recording = self._recording
        recording.keys, recording.key_sites, recording.key_calls = self._keys.read()
        (
            recording.children,
            recording.parents,
            recording.edge_sites,
            recording.edge_calls,
            recording.edge_data,
        ) = self._edges.read()


def _words(value: Any) -> Any:
    return getattr(value, "_base_array", value)


def _ready(value: Any) -> bool:
    ready = getattr(_words(value), "is_ready", None)
    return ready is None or ready()


def _values(value: Any) -> Any:
    return pack(np.asarray(_words(value)).astype(np.uint32))


def _ran(values: Any, ran: Any) -> Any:
    """The values that were executed, flat."""
    if ran is None:
        return values.reshape(-1)
    mask = np.asarray(ran).reshape(ran.shape + (1,) * (values.ndim - ran.ndim))
    return values[np.broadcast_to(mask, values.shape)]


def _repeats_along(values: Any, ran: Any, axis: int) -> int:
    """How many values repeat one before along an axis, the others held fixed."""
    if ran is not None:
        mask = np.asarray(ran).reshape(ran.shape + (1,) * (values.ndim - ran.ndim))
        values = np.where(
            mask, values, np.arange(values.size, dtype=np.uint64).reshape(values.shape)
        )
    ordered = np.sort(values, axis=axis)
    return int((np.diff(ordered, axis=axis) == 0).sum())
