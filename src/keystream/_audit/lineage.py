"""Who made a key, and what was made of it: the edges of a recording, looked up both ways."""

from __future__ import annotations

import numpy as np

from keystream._audit.judged import line
from keystream._audit.recording import Recording
from keystream._evidence.seeding import can_have
from keystream._evidence.uses import Making, Site, Use


class Lineage:
    """The family tree of the keys of a recording."""

    def __init__(self, recording: Recording) -> None:
        self._sites = recording.sites
        self._recording = recording
        self._by_child = np.argsort(recording.children, kind="stable")
        self._by_parent = np.argsort(recording.parents, kind="stable")
        self._children = recording.children[self._by_child]
        self._parents = recording.parents[self._by_parent]
        self._made: dict[int, list[Making]] = {}
        self._before: dict[Making, Making | None] = {}

    def makers(self, key: int, limit: int = 4096) -> list[Making]:
        """The edges that made a key, in the order of the program."""
        return self._edges(self._children, self._by_child, key, limit)

    def uses(self, key: int, limit: int = 4096) -> list[Making]:
        """The edges that lead away from a key, in the order of the program; seeds are no keys."""
        edges = self._edges(self._parents, self._by_parent, key, limit)
        return [edge for edge in edges if edge.kind != "seed"]

    def made(self, key: int, call: int) -> Making | None:
        """The making of a key that a call found: the last one up to it, else the first."""
        found = self.events(key)
        earlier = [making for making in found if making.call <= call]
        return (earlier or found or [None])[-1 if earlier else 0]

    def found(self, key: int, call: int, at: Site) -> Making | None:
        """The making that a use found: the last one before; within its own call, by where it stands.

        Args:
            key: the key.
            call: that used it.
            at: where.
        """
        makings = self.events(key)
        if len(makings) > 1:
            makings = [each for each in makings if can_have(at, self.site(each))] or makings
        inside = [making for making in makings if making.call == call]
        if len(inside) > 1:
            derived = {(place.path, place.line) for place in at.derived_at}
            places = [(each, self.site(each).place) for each in inside]
            apt = [each for each, p in places if p is not None and (p.path, p.line) in derived]
            return (apt or inside)[-1]
        earlier = [making for making in makings if making.call <= call]
        return (earlier or makings or [None])[-1 if earlier else 0]

    def before(self, making: Making) -> Making | None:
        """How the parent of a making was made: by the last line up to it whose key it can have."""
        if making not in self._before:  # the ways of a chain's keys are parts of each other
            found = [each for each in self.events(making.parent) if each.call <= making.call]
            at = self._sites[making.site]
            apt = [each for each in found if can_have(at, self._sites[each.site])]
            known = (apt or found)[-1] if found else self.made(making.parent, making.call)
            self._before[making] = known
        return self._before[making]

    def events(self, key: int) -> list[Making]:
        """The makings of a key, each once, in the order of the program."""
        found = self._made.get(key)
        if found is None:
            events = {making.event: making for making in reversed(self.makers(key))}
            found = self._made[key] = sorted(events.values(), key=lambda making: making.call)
        return found

    def meets(self, site: int) -> bool:
        """Whether the seeds that a line makes keys of come again within one round of them.

        A sweep goes through 0, 1, 2 and again 0, 1, 2: rounds of three seeds that differ. A sum of two
        counters gives 0, 1, 2, 1, 2, 3 in one.
        """
        seeds = self._recording.parents[self._recording.edge_sites == site]
        length = next(
            (n for n in range(1, len(seeds)) if np.array_equal(seeds[n:], seeds[:-n])), len(seeds)
        )
        return len(np.unique(seeds[:length])) < length

    def alternates(self, making: Making) -> bool:
        """Whether the line that made a key of a seed had made one of another right before."""
        rows = np.flatnonzero(self._recording.edge_sites == making.site)
        before = rows[self._recording.edge_calls[rows] < making.call]
        return len(before) > 0 and int(self._recording.parents[before[-1]]) != making.parent

    def has_children(self, key: int) -> bool:
        """Whether anything was made of the key."""
        return bool(self.uses(key, limit=2))

    def _edges(self, column: np.ndarray, order: np.ndarray, key: int, limit: int) -> list[Making]:
        value = np.uint64(key)
        first, last = (
            np.searchsorted(column, value, "left"),
            np.searchsorted(column, value, "right"),
        )
        return [self._edge(int(row)) for row in np.sort(order[first : min(last, first + limit)])]

    def _edge(self, row: int) -> Making:
        recording = self._recording
        site = int(recording.edge_sites[row])
        return Making(
            self._sites[site].kind,
            int(recording.parents[row]),
            int(recording.children[row]),
            site,
            int(recording.edge_calls[row]),
            int(recording.edge_data[row]),
        )

    def chain(self, key: int, before: int | None = None) -> list[Making]:
        """The way from the seed to a key, seed first; empty where its origin was not seen."""
        steps: list[Making] = []
        seen: set[int] = set()
        while key not in seen and len(steps) < 1000:
            seen.add(key)
            edges = self.makers(key)
            if not edges:
                break
            earlier = [edge for edge in edges if before is None or edge.call <= before]
            edge = (earlier or edges)[-1] if before is not None else edges[0]
            steps.append(edge)
            if edge.kind == "seed":
                break
            key, before = edge.parent, edge.call
        return steps[::-1]

    def way(self, use: Use) -> list[Making]:
        """The way from the seed to the key that a use found, seed first."""
        if use.making is None:
            return self.chain(use.key, use.call)
        steps, seen = [use.making], {use.making}
        while steps[-1].kind != "seed" and len(steps) < 1000:
            before = self.before(steps[-1])
            if before is None or before in seen:
                break
            steps.append(before)
            seen.add(before)
        return steps[::-1]

    def site(self, edge: Making) -> Site:
        """Where an edge was made."""
        return self._sites[edge.site]


def described(lineage: Lineage, steps: list[Making]) -> tuple[str, ...]:
    """The way from the seed to a key as text, one step an entry; long ways are shortened."""
    left_out = len(steps) - 6
    if left_out <= 2:
        return tuple(_step(lineage, edge) for edge in steps)
    ends = [_step(lineage, edge) for edge in (*steps[:3], *steps[-3:])]
    return (*ends[:3], f"... {left_out} more ...", *ends[3:])


def _step(lineage: Lineage, edge: Making) -> str:
    place = lineage.site(edge).place
    where = f" ({line(place)})" if place is not None else ""
    if edge.kind == "seed":
        return f"key({edge.parent}){where}"
    if edge.kind == "split":
        return f"split[{edge.data}]{where}"
    return f"fold_in({edge.data}){where}"
