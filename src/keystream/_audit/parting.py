"""The first draw at which two recorded runs part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keystream._audit.matching import matched
from keystream._audit.saved import Place, Saved, SavedSite
from keystream._audit.store import among

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Drawn:
    """One draw of a run.

    Attributes:
        site: where it stands.
        step: as the program said it, else its ordinal at the site.
        said: whether the program said the step.
        place: how many draws of the run came before it.
        within: how many draws of its call at its site came before it.
        of: how many draws its call has at its site.
        key: its key as a 64-bit value.
    """

    site: SavedSite
    step: int
    said: bool
    place: int
    within: int
    of: int
    key: int


@dataclass(frozen=True)
class Parting:
    """A place of the program at which two runs differ.

    Attributes:
        how: ``key``, another key; ``shape``, another shape or dtype; ``more``, only one of the runs
            draws here, or goes on drawing.
        first: the draw of the first run; None where only the second has one.
        second: the draw of the second run; None where only the first has one.
        draws: how many draws differ here.
    """

    how: str
    first: Drawn | None
    second: Drawn | None
    draws: int

    @property
    def place(self) -> int:
        """How many draws came before it."""
        return min(drawn.place for drawn in (self.first, self.second) if drawn is not None)


@dataclass(frozen=True)
class Comparison:
    """How two runs differ.

    Attributes:
        partings: the places at which they do, the earliest first.
        before: the last draw that is equal in both; None where there is none, or they never part.
        draws: of each run.
        places: how many different places drew, in both runs together.
        moved: places whose line has another number in the second run.
        reordered: places at which several threads drew the same keys in another order.
        seeds: the first seed that differs, as each run has it; None where none does.
    """

    partings: tuple[Parting, ...]
    before: Drawn | None
    draws: tuple[int, int]
    places: int
    moved: int
    reordered: int
    seeds: tuple[tuple[int, Place] | None, tuple[int, Place] | None] | None


class _Run:
    """The draws of a run by their sites."""

    def __init__(self, saved: Saved) -> None:
        self.saved = saved
        kinds = np.array([site.kind == "draw" for site in saved.sites], bool)
        rows = np.flatnonzero(kinds[saved.key_sites]) if len(saved.keys) else np.zeros(0, np.intp)
        self.draws, self._drawn = len(rows), rows
        order = np.argsort(saved.key_sites[rows], kind="stable")
        self._places, self._rows = order, rows[order]
        at = saved.key_sites[self._rows]
        self._starts = np.searchsorted(at, np.arange(len(saved.sites) + 1))
        used = np.flatnonzero(np.diff(self._starts))
        self.sites = used[np.argsort(order[self._starts[used]])].tolist()  # by their first draws

    def rows(self, site: int) -> Rows:
        """The rows of a site, in the order of the program."""
        return self._rows[self._starts[site] : self._starts[site + 1]]

    def keys(self, site: int) -> NDArray[np.uint64]:
        """The keys of a site, in the order of the program."""
        return self.saved.keys[self.rows(site)]

    def at(self, place: int) -> Drawn | None:
        """The draw before which there are `place` others."""
        if place < 0:
            return None
        row = self._drawn[place]
        site = int(self.saved.key_sites[row])
        return self.drawn(site, int(np.searchsorted(self.rows(site), row)))

    def drawn(self, site: int, index: int) -> Drawn | None:
        """A draw of a site; None where it has not that many."""
        rows = self.rows(site)
        if index >= len(rows):
            return None
        row, saved = rows[index], self.saved
        call = saved.key_calls[row]
        together = np.flatnonzero(saved.key_calls[rows] == call)
        since = saved.said_since
        return Drawn(
            saved.sites[site],
            int(saved.steps[row]),
            since is not None and int(call) >= since,
            int(self._places[self._starts[site] + index]),
            index - int(together[0]),
            len(together),
            int(saved.keys[row]),
        )


def compare(first: Saved, second: Saved) -> Comparison:
    """How two runs differ, place by place: threads that take turns in another way change nothing."""
    one, other = _Run(first), _Run(second)
    pairs = matched(first.sites, second.sites, one.sites, other.sites)
    partings: list[Parting] = []
    reordered = moved = 0
    for mine, theirs in pairs.items():
        found, turned = _part(one, other, mine, theirs)
        partings += found
        reordered += turned
        moved += first.sites[mine].place.line != second.sites[theirs].place.line
    partings += _alone(one, other, pairs)
    partings.sort(key=lambda parting: parting.place)
    first_parting = partings[0] if partings else None
    of_first = first_parting is not None and first_parting.first is not None
    return Comparison(
        tuple(partings),
        (one if of_first else other).at(first_parting.place - 1) if first_parting else None,
        (one.draws, other.draws),
        len(one.sites) + len(other.sites) - len(pairs),
        moved,
        reordered,
        _seeds(first, second),
    )


def _alone(one: _Run, other: _Run, pairs: dict[int, int]) -> Iterator[Parting]:
    """The places at which only one of the runs draws."""
    for site in one.sites:
        if site not in pairs:
            yield Parting("more", one.drawn(site, 0), None, len(one.rows(site)))
    paired = set(pairs.values())
    for site in other.sites:
        if site not in paired:
            yield Parting("more", None, other.drawn(site, 0), len(other.rows(site)))


def _part(one: _Run, other: _Run, mine: int, theirs: int) -> tuple[list[Parting], bool]:
    """Where two sites part, and whether they only take turns in another order."""
    here, there = one.saved.sites[mine], other.saved.sites[theirs]
    keys, others = one.keys(mine), other.keys(theirs)
    if (here.shape, here.dtype) != (there.shape, there.dtype):
        drawn = one.drawn(mine, 0), other.drawn(theirs, 0)
        return [Parting("shape", *drawn, max(len(keys), len(others)))], False
    if np.array_equal(keys, others):
        return [], False
    if max(here.threads, there.threads) > 1:
        return _part_of_threads(one, other, mine, theirs)
    length = min(len(keys), len(others))
    different = np.flatnonzero(keys[:length] != others[:length])
    index = int(different[0]) if len(different) else length
    count = len(different) + abs(len(keys) - len(others))
    drawn = one.drawn(mine, index), other.drawn(theirs, index)
    return [Parting("key" if len(different) else "more", *drawn, count)], False


def _part_of_threads(one: _Run, other: _Run, mine: int, theirs: int) -> tuple[list[Parting], bool]:
    """The same for a site that several threads run: which keys it drew counts, not their order."""
    keys, others = one.keys(mine), other.keys(theirs)
    only = np.flatnonzero(~among(keys, np.sort(others)))
    only_there = np.flatnonzero(~among(others, np.sort(keys)))
    drawn = one.drawn(mine, int(only[0])) if len(only) else None
    drawn_there = other.drawn(theirs, int(only_there[0])) if len(only_there) else None
    if drawn is None and drawn_there is None:
        if len(keys) == len(others):
            return [], True
        drawn, drawn_there = (
            one.drawn(mine, len(others)),
            other.drawn(theirs, len(keys)),
        )
    how = "key" if drawn is not None and drawn_there is not None else "more"
    count = max(len(only), len(only_there), abs(len(keys) - len(others)))
    return [Parting(how, drawn, drawn_there, count)], False


def _seeds(
    first: Saved, second: Saved
) -> tuple[tuple[int, Place] | None, tuple[int, Place] | None] | None:
    """The first seed that the runs do not share."""
    mine, theirs = list(first.seeds), list(second.seeds)
    for index in range(max(len(mine), len(theirs))):
        one = mine[index] if index < len(mine) else None
        other = theirs[index] if index < len(theirs) else None
        if one is None or other is None or one[0] != other[0]:
            return one, other
    return None
