"""A draw whose key did not vary over the turns of a compiled loop, over a batch or over replicas."""

from __future__ import annotations

from dataclasses import dataclass

from keystream._evidence.uses import Site

WHOLE = "nothing goes into the shards or comes out of them in parts, and so they have to agree"
FOLDED_APART = "a sibling of its key is folded with what differs between the replicas"


@dataclass(frozen=True, slots=True)
class Shared:
    """What one draw shared within its calls.

    Attributes:
        at: where it stands.
        turns: how many draws in turns of a ``scan`` or ``while`` repeated an earlier turn's.
        lanes: how many members of a batch drew what another did.
        shards: how many replicas drew what another did.
        across: how many draws repeated that of another member in another turn, where neither the turns
            nor the members alone repeat any.
    """

    at: Site
    turns: int = 0
    lanes: int = 0
    shards: int = 0
    across: int = 0

    @property
    def declared(self) -> bool:
        """Whether a lifted transform declares that its members share the draw."""
        return "declared_shared" in self.at.flags

    @property
    def finished(self) -> bool:
        """Whether lanes that had finished a batched loop may be all that repeated.

        A key that is the same in every turn of the loop repeats in the lanes that still run, too.
        """
        return "batched_while" in self.at.flags and "loop_invariant" not in self.at.flags

    @property
    def over_batch(self) -> bool:
        """Whether members of a batch share the draw: one for all of ``vmap``, or equal keys in lanes."""
        return "vmap_shared" in self.at.flags or (not self.finished and self.lanes > 0)

    @property
    def over_replicas(self) -> bool:
        """Whether replicas share the draw."""
        return not self.finished and self.shards > 0

    @property
    def over_turns(self) -> bool:
        """Whether turns of a compiled loop share the draw."""
        hoisted = "hoisted" in self.at.flags  # drawn once, by what JAX took out of the loop
        return hoisted or (not self.finished and self.turns > 0)

    @property
    def meets(self) -> bool:
        """Whether members of a batch, or loops within each other, meet in different turns."""
        return not self.finished and self.across > 0

    @property
    def differentiated(self) -> bool:
        """Whether a gradient is taken through the draw in each turn, not of the loop as a whole."""
        return "differentiated" in self.at.flags and "hoisted" not in self.at.flags

    @property
    def invariant(self) -> bool:
        """Whether the key is the same in every turn of a compiled loop, provably."""
        return "loop_invariant" in self.at.flags

    @property
    def summed(self) -> bool:
        """Whether the turns of a compiled loop around the draw hand on nothing but sums."""
        return "summed" in self.at.flags

    @property
    def measured(self) -> bool:
        """Whether the turns only make figures of the draw, of what they change: an evaluation."""
        return "measured" in self.at.flags

    @property
    def whole(self) -> bool:
        """Whether the replicas are given and return everything whole, so that they have to agree."""
        return "whole" in self.at.flags

    @property
    def lifted(self) -> bool:
        """Whether a lifted transform ran members that have parameters of their own, or sample."""
        return "lifted" in self.at.flags

    @property
    def found(self) -> bool:
        """Whether anything is shared by mistake or by intent, beyond what a loop left over."""
        return self.over_batch or self.over_replicas or self.over_turns or self.meets
