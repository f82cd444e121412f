"""What an audit saw, as plain data: sites, calls, keys, lineage and notes. Loads NumPy, not JAX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keystream._audit.beginnings import Begun
from keystream._audit.steps import Steps
from keystream._audit.store import chunks
from keystream._evidence.uses import Site
from keystream._findings import Location

Keys = NDArray[np.uint64]
Ids = NDArray[np.uint32]


@dataclass
class Note:
    """Something a framework or the host did that is no use of a key.

    Attributes:
        kind: such as ``dropout``, ``make_rng``, ``init``, ``apply``, ``host``, ``error``.
        frames: the user's, innermost first.
        fields: what was seen.
        use: the ordinal of the last use of a key before it.
    """

    kind: str
    frames: tuple[Location, ...]
    fields: Mapping[str, Any]
    use: int = 0
    count: int = 1


@dataclass
class Recording:
    """All that an audit saw of one run.

    Attributes:
        program: the script or module.
        sites: by id.
        keys: uint64 ``(n,)``, the key of each use, in the order of the program.
        key_sites: uint32 ``(n,)``, the site of each use.
        key_calls: uint32 ``(n,)``, the ordinal of its call; eager operations have their own.
        children, parents: uint64 ``(m,)``, edges of lineage.
        edge_sites, edge_calls: uint32 ``(m,)``, the split, fold or seed that made each edge.
        edge_data: uint64 ``(m,)``, index of the split, or the data folded in.
        inner_repeats: by site and kind of loop, uses within a call that repeat one before; "across" are
            those of which none repeats along one loop or batch alone.
        inner_again: by site, how many uses within a call repeat one before in any way.
        threads: (site, thread) of the first site of each program or operation, and where it ran.
        steps: by call, where the program set them; else its ordinal at its site.
        notes: from the observers.
        unseen: reasons by count.
        declared: root words of each instance of the library's own `Streams`, by declaration and id.
        batches: of its streams, the words of the first keys that were handed out in batches.
        begun: generators of NumPy and Python that began at a seed, in the order of their first draws.
        inputs: by site, what `inputs.digest` says of the first call; only in a job of many processes.
        process: the number of this process in its job, and how many there are.
        error: how the program ended, where it did not end well.
    """

    program: str = ""
    sites: list[Site] = field(default_factory=list)
    keys: Keys = field(default_factory=lambda: np.zeros(0, np.uint64))
    key_sites: Ids = field(default_factory=lambda: np.zeros(0, np.uint32))
    key_calls: Ids = field(default_factory=lambda: np.zeros(0, np.uint32))
    children: Keys = field(default_factory=lambda: np.zeros(0, np.uint64))
    parents: Keys = field(default_factory=lambda: np.zeros(0, np.uint64))
    edge_sites: Ids = field(default_factory=lambda: np.zeros(0, np.uint32))
    edge_calls: Ids = field(default_factory=lambda: np.zeros(0, np.uint32))
    edge_data: Keys = field(default_factory=lambda: np.zeros(0, np.uint64))
    inner_repeats: dict[int, dict[str, int]] = field(default_factory=dict)
    inner_again: dict[int, int] = field(default_factory=dict)
    threads: set[tuple[int, int]] = field(default_factory=set)
    steps: Steps = field(default_factory=Steps)
    calls: int = 0
    notes: list[Note] = field(default_factory=list)
    unseen: dict[str, int] = field(default_factory=dict)
    declared: dict[tuple[Any, int], Any] = field(default_factory=dict[tuple[Any, int], Any])
    batches: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    begun: list[Begun] = field(default_factory=list[Begun])
    inputs: dict[int, str] = field(default_factory=dict[int, str])
    process: tuple[int, int] = (0, 1)
    error: BaseException | None = None
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def uses(self) -> NDArray[np.int64]:
        """How many keys each site used."""
        found = np.zeros(len(self.sites), np.int64)
        for rows in chunks(len(self.keys)):
            found += np.bincount(self.key_sites[rows], minlength=len(found))
        return found

    @property
    def ran(self) -> frozenset[int]:
        """The sites that used a key."""
        return frozenset(np.flatnonzero(self.uses).tolist())
