"""What every place drew over the steps of a run, and some of its draws with the way of their keys.

It is what the page of a report shows, in columns of plain numbers and texts, so that a record holds it
too. Counts are whole, in bins of steps; single draws are a sample where a run has many.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keystream._audit.again import drawn_again, select
from keystream._audit.judged import shown
from keystream._audit.lineage import Lineage
from keystream._audit.naming import Names, RowName, read_back
from keystream._audit.recording import Recording
from keystream._audit.timeline import steps_of
from keystream._evidence.uses import Making
from keystream._findings import Finding, Location
from keystream._judge import excuses

CELLS = 200_000  # places times bins; the arrays of counts stay small whatever the run
BINS = 10_000  # at most: a step each in a run of as many steps
LEAST_BINS = 200
DRAWS = 1500  # single draws that are kept; all of a run that has no more
KEYS = 5000  # keys on their ways from the seeds that are kept
LONGEST = 64  # keys on the way of a draw before it is cut
SHORT = 3  # the same, once so many keys are kept
MISTAKE, MEANT = (
    1,
    2,
)  # a repeated key: one that a finding tells of or nothing explains, or an excused one

Counts = NDArray[np.int64]


def history(recording: Recording, timeline: Sequence[Any], findings: Sequence[Finding]) -> Any:
    """The history of a recording that has been judged; empty where nothing was drawn.

    Args:
        recording: the run.
        timeline: of it, for the first and last step.
        findings: of it; they tell which repetitions inside of a call are mistakes.

    Returns:
        ``first`` step, steps a bin (``unit``), and columns: ``rows`` (name, kind, place),
        ``places`` (row, path, line, function, module_path, distribution, shape, dtype, draws, again,
        runs), ``keys`` (key, kind, data, parent, place) and ``draws`` (place, step, key, again).
        ``runs`` of a place are triples: a number of bins, and for each of them draws and those among
        them whose key was drawn from before.
    """
    if not timeline:
        return {}
    return _History(recording, timeline, findings).columns()


class _History:
    def __init__(
        self, recording: Recording, timeline: Sequence[Any], findings: Sequence[Finding]
    ) -> None:
        self.recording = recording
        self.lineage: Lineage = recording.evidence.get("lineage") or Lineage(recording)
        self.sites = [
            number for number in sorted(recording.ran) if recording.sites[number].kind == "draw"
        ]
        self.place = np.full(len(recording.sites), -1, np.int64)
        self.place[self.sites] = np.arange(len(self.sites))
        self.first = min(row["first"] for row in timeline)
        steps = max(row["last"] for row in timeline) + 1 - self.first
        bins = int(np.clip(CELLS // max(len(self.sites), 1), LEAST_BINS, BINS))
        self.unit = -(-steps // bins)
        self.bins = -(-steps // self.unit)
        self.repeated, self.originals = _repeated(recording)
        self.again = np.zeros(len(recording.keys), np.int8)
        self.again[self.repeated] = _judged(recording)[recording.key_sites[self.repeated]]
        self.marked = {
            (place.path, place.line) for each in findings for place in each.locations[:1]
        }

    def columns(self) -> dict[str, Any]:
        draws, again, rows, steps = self._counted()
        names = self._names(rows)
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        self._mark_inside(draws, again)
        return {
            "first": int(self.first),
            "unit": int(self.unit),
            "rows": _columns([(each.name, each.kind, each.place) for each in numbers], _OF_ROW),
            "places": {
                **_columns([self._described(site) for site in self.sites], _OF_PLACE),
                "row": [numbers[name] for name in names],
                "draws": draws.sum(1).tolist(),
                "again": again.sum(1).tolist(),
                "runs": [_runs(*pair) for pair in zip(draws, again, strict=True)],
            },
            **self._single(rows, steps),
        }

    def _counted(self) -> tuple[Counts, Counts, NDArray[np.intp], Counts]:
        """Draws and repeated ones by place and bin; and the rows and steps of single draws."""
        size = len(self.sites) * self.bins
        draws, again = np.zeros(size, np.int64), np.zeros(size, np.int64)
        wanted = self._wanted()
        rows: list[NDArray[np.intp]] = []
        kept: list[Counts] = []
        seen = np.zeros(len(self.sites), np.int64)
        for block, steps in steps_of(self.recording):
            of = self.place[self.recording.key_sites[block]]
            at = np.flatnonzero(of >= 0)
            cell = of[at] * self.bins + (steps[at] - self.first) // self.unit
            draws += np.bincount(cell, minlength=size)
            mistaken = self.again[block][at] == MISTAKE
            again += np.bincount(cell[mistaken], minlength=size)
            new = at[np.unique(of[at], return_index=True)[1]]
            new = new[seen[of[new]] == 0]
            seen[of[new]] = 1
            mine = np.unique(np.r_[new, wanted[_between(wanted, block)] - block.start])
            mine = mine[of[mine] >= 0]
            rows.append(mine + block.start)
            kept.append(steps[mine])
        shape = len(self.sites), self.bins
        return (
            draws.reshape(shape),
            again.reshape(shape),
            np.concatenate(rows) if rows else np.zeros(0, np.intp),
            np.concatenate(kept) if kept else np.zeros(0, np.int64),
        )

    def _wanted(self) -> NDArray[np.intp]:
        """Rows of single draws to keep: all of a short run, else spread ones, and pairs with one key."""
        drawn = select(self.recording, lambda at: self.place[self.recording.key_sites[at]] >= 0)
        if len(drawn) <= DRAWS:
            return drawn
        chosen = _spread(np.arange(len(self.repeated)), DRAWS // 4)
        pairs = np.r_[self.repeated[chosen], self.originals[chosen]]
        return np.unique(np.r_[_spread(drawn, DRAWS - len(pairs)), pairs])

    def _names(self, rows: NDArray[np.intp]) -> list[RowName]:
        """The row of each place, by the first key that it drew from."""
        recording, names = self.recording, Names(self.recording, self.lineage)
        at = self.place[recording.key_sites[rows]]
        firsts = rows[np.unique(at, return_index=True)[1]]
        return [
            names.of(recording.sites[site], int(recording.keys[row]), int(recording.key_calls[row]))
            for site, row in zip(self.sites, firsts, strict=True)
        ]

    def _mark_inside(self, draws: Counts, again: Counts) -> None:
        """Mark the calls of a place that repeats a key within them: that is counted by place alone."""
        for site in self.recording.inner_again:
            number, at = self.place[site], self.recording.sites[site].place
            if number < 0 or at is None:
                continue
            where = shown(at)
            if (where.path, where.line) in self.marked:
                again[number] = draws[number]

    def _described(self, number: int) -> tuple[Any, ...]:
        site = self.recording.sites[number]
        place = _shown(site.place)
        shape = list(site.shape) if site.shape or site.dtype else None
        return (*place, site.module_path, site.distribution, shape, site.dtype)

    def _single(self, rows: NDArray[np.intp], steps: Counts) -> dict[str, Any]:
        recording = self.recording
        keys = _Keys(self.lineage, recording)
        of_draws = [
            keys.drawn(key, call)
            for key, call in zip(
                recording.keys[rows].tolist(), recording.key_calls[rows].tolist(), strict=True
            )
        ]
        return {
            "draws": {
                "place": self.place[recording.key_sites[rows]].tolist(),
                "step": steps.tolist(),
                "key": of_draws,
                "again": self.again[rows].tolist(),
            },
            "keys": keys.columns(),
        }


_OF_ROW = ("name", "kind", "place")
_OF_PLACE = ("path", "line", "function", "module_path", "distribution", "shape", "dtype")
_OF_KEY = ("key", "kind", "data", "parent", "path", "line")


def _columns(rows: Sequence[Sequence[Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: [row[number] for row in rows] for number, name in enumerate(names)}


def _shown(place: Location | None) -> tuple[str, int, str]:
    if place is None:
        return "", 0, ""
    where = shown(place)
    return where.path, where.line, where.function


def _spread(rows: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """At most so many of the rows, evenly, with the first and the last."""
    if len(rows) <= count:
        return rows
    return rows[np.linspace(0, len(rows) - 1, max(count, 1)).astype(np.intp)]


def _between(rows: NDArray[np.intp], block: slice) -> slice:
    first, last = np.searchsorted(rows, [block.start, block.stop])
    return slice(int(first), int(last))


def _runs(draws: Counts, again: Counts) -> list[int]:
    """Counts by bin as triples of a length and the two counts; empty bins at the end are left out."""
    pairs = list(zip(draws.tolist(), again.tolist(), strict=True))
    runs = [(len(list(same)), *pair) for pair, same in groupby(pairs)]
    while runs and not runs[-1][1]:
        runs.pop()
    return [number for run in runs for number in run]


def _repeated(recording: Recording) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows whose key was drawn from before, within the same call too, and the first draw of each."""
    rows = drawn_again(recording).rows
    if not len(rows):
        return rows, rows
    keys = recording.keys[rows]
    first = np.r_[True, keys[1:] != keys[:-1]]
    originals = rows[first][np.cumsum(first) - 1]
    order = np.argsort(rows[~first])
    return rows[~first][order], originals[~first][order]


def _judged(recording: Recording) -> NDArray[np.int8]:
    """By site, what repeating a key there is: excused, or a mistake unless an excuse alone holds."""
    judged = np.full(len(recording.sites), MISTAKE, np.int8)
    verdicts = recording.evidence.get("repeats")
    if verdicts is not None:
        excused = {pair.second.site for pair, _ in verdicts.excused.values()}
        found = {site for each in verdicts.found for site, _ in each.calls}
        found |= {pair.second.site for pair in verdicts.unexplained}
        judged[sorted(excused - found)] = MEANT
    for number, site in enumerate(recording.sites):
        if excuses.of_site(site) is not None:
            judged[number] = MEANT
    return judged


class _Keys:
    """The keys of single draws and those they were made of, each once."""

    def __init__(self, lineage: Lineage, recording: Recording) -> None:
        self._lineage, self._recording = lineage, recording
        self._numbers: dict[int, int] = {}
        self._rows: list[list[Any]] = []
        self._drawn: set[int] = set()

    def drawn(self, key: int, call: int) -> int:
        """The number of a key that a call drew from; the keys on its way are taken along."""
        number = self._number(key, call)
        self._drawn.add(number)
        return number

    def _number(self, key: int, call: int) -> int:
        way: list[tuple[int, Making | None]] = []
        most = LONGEST if len(self._rows) < KEYS else SHORT
        while key not in self._numbers and len(way) < most:
            making = self._lineage.made(key, call)
            way.append((key, making))
            if making is None or making.kind == "seed":
                break
            key, call = making.parent, making.call
        parent = self._numbers.get(key, -1)
        for each, making in reversed(way):
            parent = self._add(each, making, parent)
        return self._numbers[key] if not way else parent

    def _add(self, key: int, making: Making | None, parent: int) -> int:
        kind, data, place = "", 0, None
        if making is not None:
            kind, place = making.kind, self._lineage.site(making).place
            data = making.parent if kind == "seed" else making.data
        number = self._numbers[key] = len(self._rows)
        path, line, _ = _shown(place)
        self._rows.append([f"{key:016x}", kind, data, parent, path, line])
        return number

    def columns(self) -> dict[str, list[Any]]:
        """The keys, with stream and step of those that have no other origin."""
        unmade = [number for number, row in enumerate(self._rows) if not row[1]]
        keys = np.array([int(self._rows[number][0], 16) for number in unmade], np.uint64)
        named = read_back(self._recording, keys) if len(keys) else {}
        for number, key in zip(unmade, keys.tolist(), strict=True):
            if key in named:
                stream, step = named[key]
                at = "init" if step is None else f"step {step}"
                self._rows[number][1:3] = "stream", f"{stream}, {at}"
        for number, row in enumerate(self._rows):
            if row[1] and number not in self._drawn:
                row[0] = ""  # nothing compresses a key, and what it was made by says it
        return _columns(self._rows, _OF_KEY)
