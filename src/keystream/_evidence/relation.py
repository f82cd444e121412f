"""How two uses of one key relate: said once, for every reader.

A repeated key is one question where one making of it was used twice, and another where it was made
twice. So uses are parted by the making of their key first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from keystream._evidence.uses import RECOMPUTED, Making, Use

LIMIT = 100_000  # generations that are walked: a chain of splits is as long as the training


class Relation(Enum):
    """How the keys of two uses came to be equal."""

    ONE_MAKING = "one key, made once"
    SAME_DERIVATION = "one key, derived again in the same way of one parent"
    SAME_SEED = "one seed, made a key again"
    ALIAS = "a child of split that equals a child of fold_in"
    COLLISION = "two ways that gave one key"
    ONE_CALL = "the inside of one call of a sampler"
    EXCLUSIVE = "branches of which one runs"
    RECOMPUTED = "the same draw, made again"


@dataclass(frozen=True, slots=True)
class Related:
    """A relation and where it begins.

    Attributes:
        relation: of the two uses.
        root: the key where the repetition begins; the seed's value where a seed was made a key again.
        makings: the two makings that repeat each other there; empty where one making was used twice.
    """

    relation: Relation
    root: int
    makings: tuple[Making, ...] = ()


Made = Callable[[Making], Making | None]


def relate(first: Use, second: Use, made: Made) -> Related:
    """How two uses of one key relate.

    Args:
        first: the earlier use.
        second: the later use.
        made: gives the making that the parent of a making had then; None where it was not seen.
    """
    key = first.key
    if RECOMPUTED & (first.at.flags | second.at.flags):
        return Related(Relation.RECOMPUTED, key)
    if _one_sampler_call(first, second):
        return Related(Relation.ONE_CALL, key)
    if exclusive(first, second):
        return Related(Relation.EXCLUSIVE, key)
    return _between(first.making, second.making, key, made)


def _one_sampler_call(first: Use, second: Use) -> bool:
    """Whether both stand inside one call of a sampler, which may use its key as it likes."""
    if first.call != second.call or first.role != "draw" or second.role != "draw":
        return False
    return first.site == second.site or -1 < first.at.draw == second.at.draw


def exclusive(first: Use, second: Use) -> bool:
    """Whether the two stand in different branches of one condition in one call."""
    if first.call != second.call:
        return False
    taken = dict(first.at.conditions)
    return any(
        condition in taken and taken[condition] != branch
        for condition, branch in second.at.conditions
    )


def _between(one: Making | None, other: Making | None, key: int, made: Made) -> Related:
    """Up the two lines of descent, to where they part."""
    for _ in range(LIMIT):
        if one is None or other is None or one.event == other.event:
            return Related(Relation.ONE_MAKING, key)
        pair = (one, other)
        kinds = {one.kind, other.kind}
        if kinds == {"seed"}:
            same = one.parent == other.parent
            return Related(Relation.SAME_SEED if same else Relation.COLLISION, one.parent, pair)
        if one.parent != other.parent or "seed" in kinds:
            return Related(Relation.COLLISION, key, pair)
        before, after = made(one), made(other)
        if before is None or after is None or before.event == after.event:
            alike = one.kind == other.kind
            return Related(Relation.SAME_DERIVATION if alike else Relation.ALIAS, one.parent, pair)
        key, one, other = one.parent, before, after
    return Related(Relation.ONE_MAKING, key)
