"""What an audit saw, as plain data: sites, calls, keys, lineage and notes. Loads NumPy, not JAX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keystream._audit.steps import Steps
from keystream._audit.store import chunks
from keystream._findings import Location

Keys = NDArray[np.uint64]
Ids = NDArray[np.uint32]


@dataclass
class Site:
    """A place in the program where a key is used.

    Attributes:
        kind: ``draw``, ``split``, ``fold_in``, ``seed`` or ``clone``.
        distribution: the function of ``jax.random`` that the user's call reached, such as ``normal``.
        shape: of what is drawn.
        dtype: of what is drawn.
        frames: the user's, innermost first: where the draw stands, then who called.
        library: frames between the user's innermost one and the draw.
        call: the user's frames of the compiled call that ran it; empty for an eager operation.
        trail: every frame of the eager operation or of the compiled call, outermost first.
        program: name of the compiled function; empty for an eager operation.
        module_path: of the module that draws, such as ``Net/Dropout_0``.
        scopes: JAX's scopes and transformations at the draw, as text.
        derivation: how its key came about, from the root to the draw, one text a step.
        derived_at: the user's innermost places of those steps.
        root: where the derivation starts: ``input``, ``constant``, ``seed`` or empty.
        root_detail: path or index of the input, or the value of the seed.
        stream: the collection of its framework, or the best name there is for the key's origin.
        flags: ``remat``, ``backward``, ``differentiated``, ``clone``, ``discarded``, ``batched_cond``,
            ``batched_while``, ``vmap_shared``, ``loop_invariant``, ``initialising``, ``replicated``,
            ``library`` (no line is the user's).
        loop: iterations of the innermost loop around it inside its program; 0 outside of loops.
        conditions: (condition, branch) for each ``cond`` around it.
        draw: in a compiled program, the user's call that it belongs to; sites of one call share it.
    """

    kind: str
    distribution: str = ""
    shape: tuple[int, ...] = ()
    dtype: str = ""
    frames: tuple[Location, ...] = ()
    library: tuple[Location, ...] = ()
    call: tuple[Location, ...] = ()
    trail: tuple[Location, ...] = ()
    program: str = ""
    module_path: str = ""
    scopes: str = ""
    derivation: tuple[str, ...] = ()
    derived_at: tuple[Location, ...] = ()
    root: str = ""
    root_detail: str = ""
    stream: str = ""
    flags: frozenset[str] = frozenset()
    loop: int = 0
    conditions: tuple[tuple[int, int], ...] = ()
    draw: int = -1

    @property
    def stack(self) -> tuple[Location, ...]:
        """All user frames, innermost first: inside the compiled function, then at its call."""
        if not self.call:
            return self.frames
        inner = tuple(place for place in self.frames if not _among(place, self.call))
        return inner + self.call

    @property
    def place(self) -> Location | None:
        """The user's line that the draw stands on, or that called what draws."""
        stack = self.stack
        return stack[0] if stack else None


def _among(place: Location, places: tuple[Location, ...]) -> bool:
    """Whether a frame belongs to the callers: the same function is on their stack."""
    return any(place.path == other.path and place.function == other.function for other in places)


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
        inner_repeats: by site and kind of loop, uses within a call that repeat one before.
        threads: (site, thread) of the first site of each program or operation, and where it ran.
        steps: by call, where the program set them; else its ordinal at its site.
        notes: from the observers.
        unseen: reasons by count.
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
    threads: set[tuple[int, int]] = field(default_factory=set)
    steps: Steps = field(default_factory=Steps)
    calls: int = 0
    notes: list[Note] = field(default_factory=list)
    unseen: dict[str, int] = field(default_factory=dict)
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
