"""What a plan knows of a program's random sites: plain data, no arrays. Loads no JAX."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from keystream._findings import Location

Kind = Literal["draw", "split", "fold_in", "seed", "clone", "derive", "opaque"]
RootKind = Literal["input", "constant", "seed", "literal", "unknown"]


@dataclass(frozen=True)
class Step:
    """One step of a key's derivation.

    Attributes:
        op: ``input``, ``constant``, ``seed``, ``split``, ``index``, ``fold_in``, ``clone``, ``scan``
            (carried or counted by a loop), ``while``, ``select``, or the name of another operation.
        detail: static data as text: the index of a split's child, the number folded in, the seed, the
            path of the input; ``?`` where it is known at run time only.
        place: the user's innermost line of it; None where there is none.
    """

    op: str
    detail: str = ""
    place: Location | None = None

    def __str__(self) -> str:
        if self.op in ("input", "index"):
            return self.detail
        return f"{self.op}({self.detail})"


@dataclass(frozen=True)
class Loop:
    """A loop around a site, inside its program.

    Attributes:
        kind: ``scan``, ``while`` or ``shards`` (a ``shard_map`` or ``pmap`` axis).
        length: iterations, or members of the mesh axis; None where the run decides.
        key_invariant: the key is the same in every iteration, provably.
        batched: a ``while`` under ``vmap``, whose finished lanes go on computing.
        sums: what a turn of a ``scan`` hands on are sums, of gradients say, and no turn reads them.
        measured: what is drawn reaches nothing that the turns of a ``scan`` hand on, but one number that
            each puts out, and which depends on what they hand on.
        whole: nothing goes into the shards or comes out of them in parts, so that they have to agree.
    """

    kind: Literal["scan", "while", "shards"]
    length: int | None
    key_invariant: bool = False
    batched: bool = False
    sums: bool = False
    measured: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Site:
    """One place of a program where a key is used.

    Attributes:
        id: its index in the sites of the analysis, in the order of the program.
        kind: ``draw``; ``split``, ``fold_in``, ``seed`` and ``clone`` (JAX's derivations, outside of
            samplers); ``derive`` (a derivation of `keystream.Streams`); ``opaque`` (a kernel).
        primitive: that draws: the primitive's name, or that of a sampler's jitted function.
        distribution: the outermost function of ``jax.random`` called, such as ``normal``; for our own
            draws ``ks.mask``; the primitive's name where there is neither.
        shape: of what one execution draws, batch axes included.
        dtype: of what is drawn.
        bits: drawn at one execution; 0 where that is not known statically (rejection samplers draw
            in loops: one round is counted).
        module_path: of the module that draws, such as ``Net/Block_3/Dropout_0``.
        scopes: JAX's scopes and transformations at the draw, as text.
        frames: the user's, innermost first; inside the traced function only.
        library: frames of libraries between the user's innermost one and the draw.
        derivation: how the key comes about, root first.
        root: where the derivation starts: a flat ``input``, a captured ``constant``, a ``seed`` (of a
            literal: `root_detail`), a ``literal`` array written into the program, or ``unknown``.
        root_detail: path or index of the input; value of the seed.
        input: the flat input that is this key, unchanged; -1 where it is derived.
        origin: id of the key's static value; two sites of equal `origin` have one key, provably, in
            each iteration of the loops that they share. -1 where that is not known.
        data: for ``fold_in`` the number folded in, where it is static.
        loops: around it, outermost first.
        lanes: axes of the key before its words, as in the values: batch axes of ``vmap``.
        conditions: (condition, branch) for each ``cond`` around it; also for those that ``vmap`` turned
            into a select, whose branches both run.
        flags: ``remat`` (a rematerialised repeat), ``backward`` (in a transposed pass),
            ``differentiated``, ``clone`` (cloned on the way), ``discarded`` (nothing of the program
            depends on it), ``batched_cond``, ``batched_while``, ``vmap_shared`` (one draw for all
            members of a ``vmap``), ``loop_invariant``, ``hoisted`` (the same in all turns of a ``scan``
            that a gradient is taken through, so that JAX draws it once, before the loop), ``summed``
            (the turns of a ``scan`` around it hand on nothing but sums), ``measured`` (of these numbers
            each turn of a ``scan`` makes one figure, and nothing that it hands on), ``sampler`` (inside
            a sampler's call).
        hoisted: the turns of that ``scan``; 0 where it was not taken out of one.
        draw: id of the user's call: sites of one sampler call share it.
        unseen: why its key can't be had; empty where it can.
        stream: the name that its key's root goes by: of `Streams`, or of the argument it came in.
    """

    id: int
    kind: Kind
    primitive: str
    distribution: str = ""
    shape: tuple[int, ...] = ()
    dtype: str = ""
    bits: int = 0
    module_path: str = ""
    scopes: str = ""
    frames: tuple[Location, ...] = ()
    library: tuple[Location, ...] = ()
    derivation: tuple[Step, ...] = ()
    root: RootKind = "unknown"
    root_detail: str = ""
    input: int = -1
    origin: int = -1
    data: int | None = None
    loops: tuple[Loop, ...] = ()
    lanes: tuple[int, ...] = ()
    conditions: tuple[tuple[int, int], ...] = ()
    flags: frozenset[str] = frozenset()
    hoisted: int = 0
    draw: int = -1
    unseen: str = ""
    stream: str = ""

    @property
    def place(self) -> Location | None:
        """The user's innermost line; None where only libraries are on the stack."""
        return self.frames[0] if self.frames else None

    @property
    def repeats(self) -> int | None:
        """How often one call of the program executes it; None where the run decides."""
        times = 1
        for loop in self.loops:
            if loop.length is None:
                return None
            times *= loop.length
        return times


@dataclass(frozen=True, slots=True)
class Made:
    """A key that a site makes of another, or of a seed, as far as that is static.

    Attributes:
        site: id of the site.
        parent: `Site.origin` of the key that it is made of; the value of a seed.
        child: `Site.origin` of the key that is made.
        data: the index in the split; the number folded in, 0 where the run decides it.
    """

    site: int
    parent: int
    child: int
    data: int


@dataclass(slots=True)  # not frozen: thousands are made a second
class Observed:
    """The values of one site in one call.

    Attributes:
        site: id of the site.
        keys: uint32 ``(*loops, *lanes, words)``: the key drawn from, or the parent of a split, fold or
            clone; for a ``seed`` the seed's value in the last axis (two words, high first).
        ran: bool ``(*loops)`` or ``(*loops, *lanes)``: which of them were executed (branches, ended
            loops, finished lanes); None where all were.
        children: uint32 ``(*loops, *lanes, n, words)``: keys made by a split, a fold or a seed, n being
            1 but for splits; None for draws and for splits into more than 4096 keys.
        data: int64 ``(*loops, *lanes)``: what was folded in; None but for folds.
        missed: iterations whose keys were not kept, because the loop ran longer than the bound.
    """

    site: int
    keys: NDArray[np.uint32]
    ran: NDArray[Any] | None = None
    children: NDArray[np.uint32] | None = None
    data: NDArray[np.int64] | None = None
    missed: int = 0


def batches(scopes: str, flags: Collection[str]) -> int:
    """How many batches a draw stands in: the ``vmap`` in the scopes around it.

    Args:
        scopes: the name stack.
        flags: of the draw.
    """
    count = scopes.count("vmap(")
    # The stack of the forward pass stands inside that of the backward one.
    return count // 2 if not {"remat", "backward"}.isdisjoint(flags) else count
