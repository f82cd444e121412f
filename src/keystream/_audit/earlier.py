"""Draws of a run from keys that an earlier run, read from its record, drew from before.

A run that goes on from a checkpoint may do again what the earlier run did after that checkpoint, and
then has to draw the same. So a repetition is a mistake only where it is no such thing:

- Where both runs say their steps, the same place and the same step are the same draw; another step
  is a mistake.
- Else places are counted. What begins at the start of the earlier run begins anew; what begins later
  and goes on to where the earlier run ended may be steps that were lost, and is a note.
- What both runs did alike before their steps, such as drawing initial values, was set up again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keystream._audit.again import drawn_again, of_sites
from keystream._audit.judged import Judged, distinct
from keystream._audit.lineage import Lineage, described
from keystream._audit.matching import matched
from keystream._audit.recording import Recording
from keystream._audit.saved import Saved, SavedSite
from keystream._audit.saved import described as as_saved
from keystream._audit.steps import ordinals
from keystream._audit.store import among, chunks
from keystream._findings import Severity

# Draws that are made again anyway, or thrown away, or replaced by what is restored.
_NO_DRAW = frozenset({"remat", "backward", "discarded", "clone", "initialising"})
_MIX = np.uint64(0x9E3779B97F4A7C15)

Rows = NDArray[np.intp]
Numbers = NDArray[np.int64]


@dataclass
class _Part:
    """The repeated draws of one site, with where the earlier run drew them."""

    site: int
    there: int
    same: bool
    rows: Rows
    earlier: Rows


def drawn_earlier(recording: Recording) -> list[Judged]:
    """The draws that repeat those of earlier runs: one mistake for each record and way."""
    return [
        found
        for saved in recording.evidence.get("earlier", ())
        for found in _Between(recording, saved).judged()
    ]


class _Between:
    """What a run repeats of an earlier one."""

    def __init__(self, recording: Recording, saved: Saved) -> None:
        self.recording, self.saved = recording, saved
        self.sites = as_saved(recording)
        self.counted = _counted(recording.key_sites, recording.key_calls, len(recording.sites))
        self.earlier = _counted(saved.key_sites, saved.key_calls, len(saved.sites))
        self.calls = _calls(recording.key_sites, self.counted, len(recording.sites))
        self.calls_there = _calls(saved.key_sites, self.earlier, len(saved.sites))

    def judged(self) -> list[Judged]:
        """One mistake for each way of repeating."""
        parts = self._parts()
        fresh = self._fresh(parts)
        found: dict[tuple[str, Severity], list[_Part]] = defaultdict(list)
        for part in parts:
            verdict = self._verdict(part, parts, fresh)
            if verdict is not None:
                found[verdict].append(part)
        return [self._merged(how, severity, each) for (how, severity), each in found.items()]

    def _parts(self) -> list[_Part]:
        """The repeated draws by site: those of the same place in both runs apart from others."""
        recording, saved = self.recording, self.saved
        mine, theirs = _draws(self.sites), _draws(saved.sites)
        pairs = matched(self.sites, saved.sites, np.flatnonzero(mine), np.flatnonzero(theirs))
        name = np.zeros(len(self.sites), np.uint64)
        name_there = np.zeros(len(saved.sites), np.uint64)
        for number, (here, there) in enumerate(pairs.items(), 1):
            name[here] = name_there[there] = number
        rows_there = _once(saved, np.flatnonzero(theirs[saved.key_sites]))
        keys_there = saved.keys[rows_there]
        by_place = keys_there + name_there[saved.key_sites[rows_there]] * _MIX
        repeated = _repeated(recording)
        parts: list[_Part] = []
        found: dict[bool, list[tuple[Rows, Rows]]] = {True: [], False: []}
        place_order = np.argsort(by_place, kind="stable")
        key_order = np.argsort(keys_there, kind="stable")
        by_place, keys_there = by_place[place_order], keys_there[key_order]
        for at in chunks(len(recording.keys)):
            rows = np.flatnonzero(mine[recording.key_sites[at]]) + at.start
            rows = rows[~among(recording.keys[rows], repeated)]
            keys = recording.keys[rows]
            tagged = keys + name[recording.key_sites[rows]] * _MIX
            same = among(tagged, by_place) & (name[recording.key_sites[rows]] > 0)
            there = rows_there[place_order[np.searchsorted(by_place, tagged[same])]]
            found[True].append((rows[same], there))
            other = ~same & among(keys, keys_there)
            there = rows_there[key_order[np.searchsorted(keys_there, keys[other])]]
            found[False].append((rows[other], there))
        for same, pieces in found.items():
            if pieces:
                parts += self._by_site(same, *map(np.concatenate, zip(*pieces, strict=True)))
        return parts

    def _by_site(self, same: bool, rows: Rows, earlier: Rows) -> list[_Part]:
        at = self.recording.key_sites[rows]
        parts: list[_Part] = []
        for site in np.unique(at).tolist():
            mine = at == site
            there = int(self.saved.key_sites[earlier[mine][0]])
            parts.append(_Part(site, there, same, rows[mine], earlier[mine]))
        return parts

    def _fresh(self, parts: list[_Part]) -> dict[int, int]:
        """The first call of each site that drew from a key that the earlier run had not."""
        new = np.ones(len(self.recording.keys), bool)
        for part in parts:
            new[part.rows] = False
        new &= _draws(self.sites)[self.recording.key_sites]
        rows = np.flatnonzero(new)
        sites, first = np.unique(self.recording.key_sites[rows], return_index=True)
        calls = self.recording.key_calls[rows[first]]
        return dict(zip(sites.tolist(), calls.tolist(), strict=True))

    def _verdict(
        self, part: _Part, parts: list[_Part], fresh: dict[int, int]
    ) -> tuple[str, Severity] | None:
        if not part.same:
            once = self.calls[part.site] == 1 and self.calls_there[part.there] == 1
            return None if once else ("elsewhere", "warning")
        steps, steps_there = self._steps(part)
        if steps is not None and steps_there is not None:
            other = steps != steps_there
            part.rows, part.earlier = part.rows[other], part.earlier[other]
            return ("again", "error") if len(part.rows) else None
        if self._is_set_up(part, parts, fresh):
            return None
        counted, counted_there = self.counted[part.rows], self.earlier[part.earlier]
        to_the_end = (
            counted_there.max() == self.calls_there[part.there] - 1
            or counted.max() == self.calls[part.site] - 1
        )
        if counted_there.min() > 0 and counted.min() == 0 and to_the_end:
            return "lost", "note"
        return "again", "warning"

    def _steps(self, part: _Part) -> tuple[Numbers | None, Numbers | None]:
        """The steps of repeated draws and of the draws they repeat, where the programs said them."""
        steps, saved = self.recording.steps, self.saved
        calls = self.recording.key_calls[part.rows]
        calls_there = saved.key_calls[part.earlier]
        said = bool(steps) and int(calls.min()) in steps
        said_there = saved.said_since is not None and int(calls_there.min()) >= saved.said_since
        return (
            steps.said(calls, self.counted[part.rows]) if said else None,
            saved.steps[part.earlier] if said_there else None,
        )

    def _is_set_up(self, part: _Part, parts: list[_Part], fresh: dict[int, int]) -> bool:
        """Whether a place did in both runs what comes before their steps."""
        calls, calls_there = self.calls[part.site], self.calls_there[part.there]
        if calls_there == 1:
            return calls == 1 or bool((self.calls_there > 1).any())
        if calls != calls_there or not np.array_equal(
            self.counted[part.rows], self.earlier[part.earlier]
        ):
            return False
        last = int(self.recording.key_calls[part.rows].max())
        later = any(site != part.site and call > last for site, call in fresh.items())
        return later or any(
            each.site != part.site
            and int(self.recording.key_calls[each.rows].min()) > last
            and self.calls[each.site] > calls
            for each in parts
            if len(each.rows)
        )

    def _merged(self, how: str, severity: Severity, parts: list[_Part]) -> Judged:
        """One mistake of several places: one loop began anew, in which several things draw."""
        recording, saved = self.recording, self.saved
        rows = np.concatenate([part.rows for part in parts])
        earlier = np.concatenate([part.earlier for part in parts])
        first = recording.sites[parts[0].site]
        related = tuple(
            saved.sites[part.there].place.location(f"drew from them before, in {saved.path}")
            for part in parts
            if saved.sites[part.there].stack
        )
        steps = recording.steps.said(recording.key_calls[rows], self.counted[rows])
        there = saved.steps[earlier]
        distributions = dict.fromkeys(recording.sites[part.site].distribution for part in parts)
        row = int(rows.min())
        lineage = Lineage(recording)
        key, call = int(recording.keys[row]), int(recording.key_calls[row])
        return Judged(
            "KS202",
            severity,
            distinct(tuple(p for part in parts for p in recording.sites[part.site].stack)),
            distinct(related),
            {
                "record": saved.path,
                "how": how,
                "distributions": tuple(name for name in distributions if name),
                "keys": len(np.unique(recording.keys[rows])),
                "steps": (int(steps.min()), int(steps.max())),
                "earlier": (int(there.min()), int(there.max())),
            },
            module_path=first.module_path,
            stream=first.stream,
            steps=(int(steps.min()), int(steps.max())),
            count=len(rows),
            lineage=(described(lineage, lineage.chain(key, call)),),
        )


def _draws(sites: tuple[SavedSite, ...]) -> NDArray[np.bool_]:
    return np.array([s.kind == "draw" and not s.flags & _NO_DRAW for s in sites], bool)


def _counted(sites: Any, calls: Any, count: int) -> Numbers:
    """The ordinal of each row's call at its site."""
    found = np.empty(len(sites), np.int64)
    for rows, numbers in ordinals(sites, calls, count):
        found[rows] = numbers
    return found


def _calls(sites: Any, counted: Numbers, count: int) -> Numbers:
    """How many calls each site had."""
    found = np.zeros(count, np.int64)
    np.maximum.at(found, sites, counted + 1)
    return found


def _once(saved: Saved, rows: Rows) -> Rows:
    """The rows whose key the run drew from in one call only: others were repeated there already."""
    order = rows[np.argsort(saved.keys[rows], kind="stable")]
    return np.sort(order[~_in_several_calls(saved.keys[order], saved.key_calls[order])])


def _repeated(recording: Recording) -> NDArray[np.uint64]:
    """The keys, in order, from which this run itself drew in several calls: other rules judge them."""
    rows = drawn_again(recording).rows
    real = of_sites(recording, lambda site: not site.flags & _NO_DRAW)
    rows = rows[real[recording.key_sites[rows]]]
    keys = recording.keys[rows]
    return np.unique(keys[_in_several_calls(keys, recording.key_calls[rows])])


def _in_several_calls(keys: NDArray[Any], calls: NDArray[Any]) -> NDArray[np.bool_]:
    """For keys in order, which of them occur with different calls."""
    if not len(keys):
        return np.zeros(0, bool)
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    differ = np.minimum.reduceat(calls, starts) != np.maximum.reduceat(calls, starts)
    return np.repeat(differ, np.diff(np.r_[starts, len(keys)]))
