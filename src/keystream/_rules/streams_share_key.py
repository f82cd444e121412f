"""Two streams that are given one key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """Two streams that are given one key."""
    for fact in module.seen("twin_streams", tests=False):
        one, other = fact.data["names"]
        kind = fact.data["kind"]
        harmless = kind == "init" and "params" in (one, other)
        yield finding(
            "KS403",
            "note" if harmless else "error",
            fact.site,
            message=f"the streams {one!r} and {other!r} are given the same key",
            why="Flax does not fold a stream's name into its key, so the two draw the same numbers"
            if not harmless
            else "weights and first draws come from one key; what init draws is thrown away, "
            "the habit is not",
            fix=f'give each stream its own:\nrngs={{"{one}": {one}_key, "{other}": {other}_key}}',
            stream=other,
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS403 that the evidence of a run shows."""
    for found in verdicts(recording, "KS403"):
        names = " and ".join(found.facts["streams"][:2])
        yield found.finding(
            f"streams {names} drew from one key",
            why="Flax does not fold a stream's name into its key, so one seed makes twin streams",
            fix="give each stream a key of its own:\nk1, k2 = jax.random.split(key)",
        )
