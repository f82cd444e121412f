"""Moves the values of keys from the device to the columns of a recording, in batches.

Nothing waits while values are on their way; only what is about to be donated is waited for, and a
queue that has grown long. Calls of one program are written together: a short call would else take
longer to write down than to run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from keystream._audit.recording import Recording
from keystream._audit.store import EDGES_KEPT, Columns, pack, unique

BATCH = 256  # pending uses that are looked through for values that have arrived
WAIT = 16384  # pending uses at which the program waits for them
BYTES = 1 << 23  # of pending values at which they are looked through


class _Call(NamedTuple):
    """A compiled call whose slice was dispatched."""

    values: Any
    number: int
    sites: list[int]
    plan: Any

    def alike(self) -> object:
        return id(self.plan), id(self.sites)


class _Eager(NamedTuple):
    """An eager operation: the key drawn from, or parent, child and what led from one to the other."""

    values: Any
    number: int
    site: int
    child: Any
    data: Any

    def alike(self) -> object:
        of_child = getattr(_words(self.child), "shape", None)
        return self.site, getattr(_words(self.values), "shape", None), of_child


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
        self._pending: list[_Call | _Eager] = []
        self._bytes = 0
        self._lock = threading.RLock()

    def call(self, call: int, sites: list[int], plan: Any, words: Any) -> None:
        """Queue the values of a compiled call."""
        self._mark(sites)
        self._pending.append(_Call(words, call, sites, plan))
        self._bytes += words.nbytes
        self._look()

    def eager(self, call: int, site: int, parent: Any, child: Any, data: Any) -> None:
        """Queue the keys of an eager operation: drawn from, or parent and child."""
        self._mark((site,))
        self._pending.append(_Eager(parent, call, site, child, data))
        self._look()

    def _mark(self, sites: Sequence[int]) -> None:
        """Note which thread uses keys here: several of them come in an order of their own each time."""
        thread, threads = threading.get_ident(), self._recording.threads
        if (sites[0], thread) not in threads:
            threads.update((site, thread) for site in sites)

    def _look(self) -> None:
        full = self._bytes > BYTES
        if full or (len(self._pending) >= BATCH and len(self._pending) % 64 == 0):
            self._bytes = 0
            self.settle(wait=full or len(self._pending) >= WAIT)

    def settle(self, *, wait: bool) -> None:
        """Write down what has arrived, in order; with `wait`, everything."""
        with self._lock:
            pending, count = self._pending, len(self._pending)
            if not wait:
                late = (n for n in range(count) if not _ready(pending[n].values))
                count = next(late, count)
            due = pending[:count]
            del pending[:count]  # in place: other threads add to it meanwhile
            keys, edges = _Rows(self._keys), _Rows(self._edges, most=EDGES_KEPT)
            for batch in _batches(due):
                self._write(batch, keys, edges)
            try:
                keys.flush()
                edges.flush()
            except OSError as error:
                self._unseen(f"uses of keys could not be kept: {error}")

    def _write(self, batch: list[Any], keys: _Rows, edges: _Rows) -> None:
        marks = len(keys.parts), len(edges.parts)
        try:
            if isinstance(batch[0], _Call):
                self._write_calls(batch, keys, edges)
            else:
                self._write_eager(batch, keys, edges)
        except Exception as error:  # a deleted buffer, say: the run goes on
            del keys.parts[marks[0] :], edges.parts[marks[1] :]
            if len(batch) == 1:
                self._unseen(f"values could not be read: {type(error).__name__}: {error}")
                return
            for each in batch:
                self._write([each], keys, edges)

    def _write_calls(self, batch: list[_Call], keys: _Rows, edges: _Rows) -> None:
        plan, sites = batch[0].plan, batch[0].sites
        calls = np.array([each.number for each in batch], np.uint32)
        words = np.stack([np.asarray(each.values.words) for each in batch])
        for seen in plan.read(words):
            planned, site = plan.sites[seen.site], sites[seen.site]
            values = pack(seen.keys)
            if seen.missed:
                self._unseen("iterations of a loop beyond those that are kept")
            if planned.kind != "seed":
                kinds = tuple(loop.kind for loop in planned.loops)
                self._write_keys(keys, (calls, site, kinds), values, seen.ran)
            if seen.children is None:
                continue
            children = pack(seen.children)
            data: Any = 0 if planned.kind == "seed" else np.arange(children.shape[-1])
            if planned.kind == "fold_in":
                data = np.asarray(seen.data)
                data = data.reshape(data.shape + (1,) * (children.ndim - data.ndim))
            of_call = calls.reshape((-1,) + (1,) * (children.ndim - 1))
            columns = (children, values[..., None], of_call, data)
            child, parent, call, index = (
                _ran(np.broadcast_to(each, children.shape), seen.ran) for each in columns
            )
            edges.add(child, parent, site, call, _unsigned(index))

    def _write_eager(self, batch: list[_Eager], keys: _Rows, edges: _Rows) -> None:
        site = batch[0].site
        kind = self._recording.sites[site].kind
        calls = np.array([each.number for each in batch], np.uint32)
        if kind == "seed":
            child = _values([each.child for each in batch]).reshape(-1)
            seeds = np.concatenate([_unsigned(each.values).reshape(-1) for each in batch])
            edges.add(child, seeds, site, np.repeat(calls, child.size // calls.size), np.uint64(0))
            return
        values = _values([each.values for each in batch])
        self._write_keys(keys, (calls, site, ()), values, None)
        if kind not in ("split", "fold_in"):
            return
        child = _values([each.child for each in batch]).reshape(-1)
        count = child.size // max(values.size, 1)
        if kind == "split":
            index = np.tile(np.arange(count), values.size)
        else:
            data = np.stack([np.asarray(each.data).reshape(-1) for each in batch])
            index = np.broadcast_to(data, (calls.size, child.size // calls.size)).reshape(-1)
        parent = np.repeat(values.reshape(-1), count)
        edges.add(child, parent, site, np.repeat(calls, child.size // calls.size), _unsigned(index))

    def _write_keys(
        self, keys: _Rows, uses: tuple[Any, int, tuple[str, ...]], values: Any, ran: Any
    ) -> None:
        """The keys of a site in some calls; what repeats within a call is counted by its axis.

        Args:
            keys: get the rows.
            uses: the calls, the site, and the kind of each loop around it.
            values: with a leading axis of calls.
            ran: like the values; None where all were executed.
        """
        calls, site, loops = uses
        if ran is None and values.size == calls.size:
            keys.add(values.reshape(-1), site, calls)
            return
        for call, inside in enumerate(values):
            ran_here = None if ran is None else ran[call]
            flat = _ran(inside, ran_here)
            different = unique(flat) if flat.size > 1 else flat
            if different.size < flat.size:
                counts = self._recording.inner_repeats.setdefault(site, {})
                again = self._recording.inner_again
                repeats = flat.size - different.size
                again[site] = again.get(site, 0) + repeats
                along = [_repeats_along(inside, ran_here, axis) for axis in range(inside.ndim)]
                for axis, count in enumerate(along):
                    kind = loops[axis] if axis < len(loops) else "lanes"
                    counts[kind] = counts.get(kind, 0) + count
                if not any(along):  # one turn of a member repeats another turn of another
                    counts["across"] = counts.get("across", 0) + repeats
                flat = flat[np.sort(np.unique(flat, return_index=True)[1])]  # in their order
            keys.add(flat, site, calls[call])

    def hand_over(self, recording: Recording, *, wait: bool) -> None:
        """Give a recording the columns as they are now; with `wait`, everything."""
        with self._lock:
            self.settle(wait=wait)
            recording.keys, recording.key_sites, recording.key_calls = self._read(self._keys)
            (
                recording.children,
                recording.parents,
                recording.edge_sites,
                recording.edge_calls,
                recording.edge_data,
            ) = self._read(self._edges)

    def _read(self, columns: Columns) -> list[Any]:
        try:
            return columns.read()
        except OSError as error:
            self._unseen(f"uses of keys could not be kept: {error}")
            return columns.read()  # those that were kept


class _Rows:
    """Rows on their way to columns: gathered by program, put in the order of the calls.

    Args:
        columns: where they go; the one before the last or the last holds the call's ordinal.
        most: rows beyond which no more are taken; None for all.
    """

    def __init__(self, columns: Columns, most: int | None = None) -> None:
        self._columns = columns
        self._full = most is not None and len(columns) >= most
        self.parts: list[tuple[Any, ...]] = []

    def add(self, *values: Any) -> None:
        """Rows: the first value has one entry each, every other as many or a scalar."""
        if np.size(values[0]) and not self._full:
            self.parts.append(values)

    def flush(self) -> None:
        """Hand the rows over."""
        if not self.parts:
            return
        sizes = [np.size(part[0]) for part in self.parts]
        whole = [
            np.concatenate([np.broadcast_to(v, n) for v, n in zip(column, sizes, strict=True)])
            for column in zip(*self.parts, strict=True)
        ]
        calls = whole[_CALL[len(whole)]]
        if np.any(calls[1:] < calls[:-1]):
            order = np.argsort(calls, kind="stable")
            whole = [column[order] for column in whole]
        self._columns.append(*whole)


_CALL = {3: 2, 5: 3}  # by the number of columns, the one of the call's ordinal


def _batches(due: Sequence[Any]) -> list[list[Any]]:
    """What is written together: calls of one program from one place, operations of one site."""
    found: dict[object, list[Any]] = {}
    for each in due:
        found.setdefault(each.alike(), []).append(each)
    return list(found.values())


def _ready(value: Any) -> bool:
    ready = getattr(_words(value), "is_ready", None)
    return ready is None or ready()


def _words(value: Any) -> Any:
    return getattr(value, "_base_array", value)


def _values(keys: Sequence[Any]) -> Any:
    """Keys of one shape as 64-bit values, stacked."""
    return pack(np.stack([np.asarray(_words(key)) for key in keys]).astype(np.uint32))


def _unsigned(numbers: Any) -> Any:
    """Integers of any kind as uint64, modulo 2**64."""
    numbers = np.asarray(numbers)
    if numbers.dtype == np.uint64:
        return numbers
    return numbers.astype(np.int64).astype(np.uint64)


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
