"""Keys from which more was drawn than once, gathered by the mistake that made it so.

Values say that two draws used one key. The lineage says where the repetition began: at the key itself,
at an ancestor that was split or folded again, or at a seed of which the key was made anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from keystream._audit.lineage import Edge, Lineage
from keystream._audit.recording import Recording, Site
from keystream._audit.store import among, unique

# Recomputations of a draw, and what was thrown away.
_NO_DRAW = frozenset({"remat", "backward", "discarded", "clone"})
_PER_KEY = 512  # uses of one key that are looked at
_PER_PLACE = 256  # keys looked at with the same sites; the rest is counted


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
        for group in self._groups():
            pattern = tuple(sorted({use.site for use in group}))
            looked[pattern] = looked.get(pattern, 0) + 1
            uses = self._apart(group)
            if len(uses) < 2 or self._is_cloned(uses[0].key):
                continue
            how, root, edges = self._origin(uses[0].key)
            repeat = found.setdefault((how, root), Repeat(how, root))
            repeat.keys += 1
            repeat.count += len(uses) - 1
            if looked[pattern] <= _PER_PLACE:
                repeat.uses += uses
                repeat.edges += [edge for edge in edges if edge not in repeat.edges]
        self._add_splits(found)
        for repeat in found.values():
            repeat.uses.sort(key=lambda use: use.call)
        return list(found.values())

    def _groups(self) -> list[list[Use]]:
        """The draws of every key with at least two, recomputations left out."""
        recording = self.recording
        drawn = np.array(
            [site.kind == "draw" and not site.flags & _NO_DRAW for site in self.sites], bool
        )
        if not len(recording.keys):
            return []
        rows = np.flatnonzero(drawn[recording.key_sites])
        rows = rows[np.argsort(recording.keys[rows], kind="stable")]
        keys = recording.keys[rows]
        new = np.r_[True, keys[1:] != keys[:-1]] if len(keys) else np.zeros(0, bool)
        starts = np.flatnonzero(new)
        sizes = np.diff(np.r_[starts, len(keys)])
        groups: list[list[Use]] = []
        for first, size in zip(starts[sizes > 1], sizes[sizes > 1], strict=True):
            chosen = rows[first : first + min(size, _PER_KEY)]
            groups.append(
                [
                    Use(
                        int(keys[first]),
                        int(recording.key_sites[row]),
                        int(recording.key_calls[row]),
                    )
                    for row in chosen
                ]
            )
        return groups

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
        recording = self.recording
        drawn = np.array(
            [site.kind == "draw" and not site.flags & _NO_DRAW for site in self.sites], bool
        )
        splits = np.array([site.kind == "split" for site in self.sites], bool)
        if not len(recording.keys) or not len(recording.parents):
            return
        drawn_keys = recording.keys[drawn[recording.key_sites]]
        parents = unique(recording.parents[splits[recording.edge_sites]])
        both = unique(drawn_keys[among(drawn_keys, parents)])
        inherited = {use.key for repeat in found.values() for use in repeat.uses}
        for value in both[:4096]:
            key = int(value)
            if self._is_cloned(key) or key in inherited:
                continue
            edges = [edge for edge in self.lineage.uses(key) if edge.kind == "split"]
            edges = [edge for edge in edges if not self.sites[edge.site].flags & _NO_DRAW]
            if not edges or not any(self._is_used(edge.child) for edge in edges):
                continue
            rows = np.flatnonzero((recording.keys == value) & drawn[recording.key_sites])
            uses = [
                Use(key, int(recording.key_sites[row]), int(recording.key_calls[row]))
                for row in rows[:64]
            ]
            repeat = found.setdefault(("split", key), Repeat("split", key))
            repeat.uses += uses + [
                Use(key, edge.site, edge.call, "split") for edge in _events(edges)[:64]
            ]
            repeat.keys, repeat.count = 1, 1

    def _is_used(self, key: int) -> bool:
        return bool((self.recording.keys == np.uint64(key)).any()) or self.lineage.has_children(key)

    def _clone_values(self) -> set[int]:
        clones = np.array(
            [site.kind == "clone" or "clone" in site.flags for site in self.sites], bool
        )
        if not clones.any():
            return set()
        recording = self.recording
        return set(recording.keys[clones[recording.key_sites]].tolist())

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
