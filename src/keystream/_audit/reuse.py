"""Keys from which more was drawn than once, gathered by the mistake that made it so.

Values say that two draws used one key. The lineage says where the repetition began: at the key itself,
at an ancestor that was split or folded again, or at a seed of which the key was made anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keystream._audit.again import drawn_again, of_sites, select
from keystream._audit.lineage import Edge, Lineage
from keystream._audit.recording import Recording, Site
from keystream._audit.store import among, unique

# Recomputations of a draw, and what was thrown away.
_NO_DRAW = frozenset({"remat", "backward", "discarded", "clone"})
_PER_KEY = 512  # uses of one key that are looked at
_PER_PLACE = 256  # keys looked at with the same sites; the rest is counted
_PER_ORIGIN = (
    4096  # keys with the same sites whose origin is looked up; the rest counts with the last
)
_BLOCK = 1 << 14  # keys that are read together
_SPLITS = 4096  # keys, drawn from and split, that are looked at


@dataclass(frozen=True)
class Use:
    """One use of a key: a draw, or a split of a key that was drawn from too."""

    key: int
    site: int
    call: int
    kind: str = "draw"


@dataclass
class Repeat:
    """Uses of keys that repeat for one reason.

    Attributes:
        how: ``key``, one key was used again; ``derived``, an ancestor was split or folded again the
            same way; ``seed``, the key was made again of its seed; ``alias``, a split met a fold;
            ``collision``, two different ways gave one key; ``split``, drawn from and split.
        root: the key where the repetition begins; the seed's value for ``seed``.
        uses: in the order of the program.
        edges: that made the root's repetition.
        keys: how many different keys were used again.
        count: how many uses were one too many.
    """

    how: str
    root: int
    uses: list[Use] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    keys: int = 0
    count: int = 0


class Reuse:
    """Finds the repeats of a recording."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.sites = recording.sites
        self.lineage = Lineage(recording)
        self._cloned = self._clone_values()

    def repeats(self) -> list[Repeat]:
        """Every repeat, those of one origin together."""
        found: dict[tuple[str, int], Repeat] = {}
        looked: dict[tuple[int, ...], int] = {}
        latest: dict[tuple[int, ...], Repeat] = {}
        for key, sites, calls in self._groups():
            pattern = tuple(sorted(set(sites)))
            looked[pattern] = looked.get(pattern, 0) + 1
            if looked[pattern] > _PER_ORIGIN and pattern in latest:
                latest[pattern].keys += 1
                latest[pattern].count += len(sites) - 1
                continue
            group = [Use(key, site, call) for site, call in zip(sites, calls, strict=True)]
            uses = self._apart(group)
            if len(uses) < 2 or self._is_cloned(uses[0].key):
                continue
            how, root, edges = self._origin(uses[0].key)
            repeat = latest[pattern] = found.setdefault((how, root), Repeat(how, root))
            repeat.keys += 1
            repeat.count += len(uses) - 1
            if looked[pattern] <= _PER_PLACE:
                repeat.uses += uses
                repeat.edges += [edge for edge in edges if edge not in repeat.edges]
        self._add_splits(found)
        for repeat in found.values():
            repeat.uses.sort(key=lambda use: use.call)
        return list(found.values())

    def _groups(self) -> Iterator[tuple[int, list[int], list[int]]]:
        """Each key with at least two draws, their sites and calls; recomputations are left out."""
        recording = self.recording
        rows = drawn_again(recording).rows
        real = of_sites(recording, lambda site: not site.flags & _NO_DRAW)
        rows = rows[real[recording.key_sites[rows]]]
        keys = recording.keys[rows]
        starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else rows
        sizes = np.diff(np.r_[starts, len(keys)])
        starts, sizes = starts[sizes > 1], np.minimum(sizes[sizes > 1], _PER_KEY)
        for block in range(0, len(starts), _BLOCK):
            firsts, lengths = starts[block : block + _BLOCK], sizes[block : block + _BLOCK]
            ends = np.cumsum(lengths)
            chosen = rows[np.repeat(firsts - ends + lengths, lengths) + np.arange(ends[-1])]
            sites = recording.key_sites[chosen].tolist()
            calls = recording.key_calls[chosen].tolist()
            spans = zip((ends - lengths).tolist(), ends.tolist(), strict=True)
            for key, (first, end) in zip(keys[firsts].tolist(), spans, strict=True):
                yield key, sites[first:end], calls[first:end]

    def _uses(self, rows: Any) -> list[Use]:
        recording = self.recording
        columns = recording.keys[rows], recording.key_sites[rows], recording.key_calls[rows]
        columns = (column.tolist() for column in columns)
        return [Use(key, site, call) for key, site, call in zip(*columns, strict=True)]

    def _apart(self, uses: list[Use]) -> list[Use]:
        """The uses that are draws of their own: what one sampler call does inside is one draw."""
        kept: dict[object, Use] = {}
        for use in uses:
            site = self.sites[use.site]
            kept.setdefault((use.call, site.draw if site.draw >= 0 else use.site), use)
        alone: list[Use] = []
        for use in kept.values():
            if not any(self._either_or(use, other) for other in alone):
                alone.append(use)
        return alone

    def _either_or(self, one: Use, other: Use) -> bool:
        """Whether two draws stand in different branches of one condition in one call."""
        if one.call != other.call:
            return False
        mine = dict(self.sites[one.site].conditions)
        return any(
            condition in mine and mine[condition] != branch
            for condition, branch in self.sites[other.site].conditions
        )

    def _origin(self, key: int) -> tuple[str, int, list[Edge]]:
        """Where the repetition of a key begins."""
        for _ in range(100_000):
            edges = _events(self.lineage.makers(key))
            if len(edges) < 2:
                return "key", key, edges
            parents = {edge.parent for edge in edges}
            kinds = {edge.kind for edge in edges}
            if kinds == {"seed"}:
                return ("seed" if len(parents) == 1 else "collision"), edges[0].parent, edges
            if len(parents) > 1:
                return "collision", key, edges
            if kinds == {"split", "fold_in"}:
                return "alias", edges[0].parent, edges
            if len(_events(self.lineage.makers(edges[0].parent))) < 2:
                return "derived", edges[0].parent, edges
            key = edges[0].parent
        return "key", key, []

    def _add_splits(self, found: dict[tuple[str, int], Repeat]) -> None:
        """Keys that were drawn from and split, where something came of the split."""
        recording, sites = self.recording, self.sites
        if not len(recording.keys) or not len(recording.parents):
            return
        splits = of_sites(recording, lambda site: site.kind == "split")
        draws = of_sites(recording, lambda s: s.kind == "draw" and not s.flags & _NO_DRAW)
        parents = unique(recording.parents[splits[recording.edge_sites]])
        rows = select(
            recording,
            lambda at: draws[recording.key_sites[at]] & among(recording.keys[at], parents),
        )
        rows = rows[np.argsort(recording.keys[rows], kind="stable")]
        both, starts = np.unique(recording.keys[rows], return_index=True)
        inherited = {use.key for repeat in found.values() for use in repeat.uses}
        ends = np.r_[starts, len(rows)][1:]
        edges_of: dict[int, list[Edge]] = {}
        for key in both[:_SPLITS].tolist():
            if not self._is_cloned(key) and key not in inherited:
                edges = [edge for edge in self.lineage.uses(key) if edge.kind == "split"]
                edges_of[key] = [edge for edge in edges if not sites[edge.site].flags & _NO_DRAW]
        used = self._used({edge.child for edges in edges_of.values() for edge in edges})
        for key, first, end in zip(both.tolist(), starts, ends, strict=True):
            edges = edges_of.get(key, [])
            if not any(edge.child in used for edge in edges):
                continue
            repeat = found.setdefault(("split", key), Repeat("split", key))
            repeat.uses += self._uses(rows[first : min(first + 64, end)]) + [
                Use(key, edge.site, edge.call, "split") for edge in _events(edges)[:64]
            ]
            repeat.keys, repeat.count = 1, 1

    def _used(self, keys: set[int]) -> set[int]:
        """Which of some keys were used, or had something made of them."""
        recording = self.recording
        wanted = np.array(sorted(keys), np.uint64)
        rows = select(recording, lambda at: among(recording.keys[at], wanted))
        return set(recording.keys[rows].tolist()) | {
            key for key in keys if self.lineage.has_children(key)
        }

    def _clone_values(self) -> set[int]:
        recording = self.recording
        clones = of_sites(recording, lambda s: s.kind == "clone" or "clone" in s.flags)
        if not clones.any():
            return set()
        return set(
            recording.keys[select(recording, lambda at: clones[recording.key_sites[at]])].tolist()
        )

    def _is_cloned(self, key: int) -> bool:
        """Whether the key or an ancestor was cloned: then its repetition is declared."""
        if not self._cloned:
            return False
        return key in self._cloned or any(
            edge.parent in self._cloned for edge in self.lineage.chain(key)
        )

    def site(self, use: Use | Edge) -> Site:
        """Where a use stands."""
        return self.sites[use.site]


def _events(edges: list[Edge]) -> list[Edge]:
    """One edge for each making: a call may make a key once, whatever else it makes."""
    seen: dict[tuple[int, int, int], Edge] = {}
    for edge in edges:
        seen.setdefault((edge.site, edge.call, edge.data), edge)
    return list(seen.values())
