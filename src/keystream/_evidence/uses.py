"""Uses of keys, and how their keys were made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from keystream._findings import Location

Stack = tuple[Location, ...]
Role = Literal["draw", "split", "fold"]
Kind = Literal["draw", "split", "fold_in", "seed", "clone"]

RECOMPUTED = frozenset({"remat", "backward"})  # a draw that is made again for its gradient
THROWN_AWAY = "discarded"  # drawn by `init` for a stream whose draws `init` does not keep
CLONED = "clone"
HOST = "host"  # of NumPy's or Python's generators
FORK = "fork of "  # what made a generator: a process that begins where another stands
DECLARED = "common"  # within `keystream.common_random_numbers`


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
            ``batched_while``, ``vmap_shared``, ``loop_invariant``, ``hoisted``, ``initialising``,
            ``replicated``, ``counted`` (a stream of NNX counted it), ``library`` (no line of the user).
        loop: iterations of the innermost loop around it inside its program, or of the one that JAX took
            it out of; 0 outside of loops, -1 where the run decides.
        conditions: (condition, branch) for each ``cond`` around it.
        draw: in a compiled program, the user's call that it belongs to; sites of one call share it.
    """

    kind: str
    distribution: str = ""
    shape: tuple[int, ...] = ()
    dtype: str = ""
    frames: Stack = ()
    library: Stack = ()
    call: Stack = ()
    trail: Stack = ()
    program: str = ""
    module_path: str = ""
    scopes: str = ""
    derivation: tuple[str, ...] = ()
    derived_at: Stack = ()
    root: str = ""
    root_detail: str = ""
    stream: str = ""
    flags: frozenset[str] = frozenset()
    loop: int = 0
    conditions: tuple[tuple[int, int], ...] = ()
    draw: int = -1

    @property
    def stack(self) -> Stack:
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

    @property
    def is_draw(self) -> bool:
        """Whether it draws for the program: no recomputation, nothing that is thrown away or cloned."""
        return self.kind == "draw" and not self.flags & (
            RECOMPUTED | {THROWN_AWAY, CLONED, DECLARED}
        )


def _among(place: Location, places: Stack) -> bool:
    """Whether a frame belongs to the callers: the same function is on their stack."""
    return any(place.path == other.path and place.function == other.function for other in places)


@dataclass(frozen=True, slots=True)
class Making:
    """One making of a key: a seed turned into it, or an ancestor split or folded.

    Attributes:
        kind: ``seed``, ``split`` or ``fold_in``.
        parent: the key it was made of; the value of the seed for ``seed``.
        child: the key made.
        site: the number of the place.
        call: the ordinal of the call that made it.
        data: index in the split, or what was folded in.
    """

    kind: str
    parent: int
    child: int
    site: int
    call: int
    data: int

    @property
    def event(self) -> tuple[int, int, int]:
        """What tells two makings of one key apart: a call makes a key once, whatever else it makes."""
        return self.site, self.call, self.data


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a key.

    Attributes:
        key: its value.
        role: a draw, or a split or fold of a key that was drawn from too.
        at: where it stands.
        site: the number of the place.
        call: the ordinal of the call that used it.
        making: how its key had been made last before the use; None where that was not seen.
    """

    key: int
    role: Role
    at: Site
    site: int
    call: int
    making: Making | None = None
