"""A loop that goes on from a restored step with a key that begins anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """A loop that goes on from a restored step with a key that begins anew."""
    for fact in module.seen("resumed", tests=False):
        yield finding(
            "KS202",
            "warning",
            fact.data["seed"] or fact.site,
            message="the loop goes on from a restored step, but its key starts from the seed again",
            why="after a restart the first steps draw what the first steps of the whole run drew",
            fix="fold the step into the key, so that it needs no saving:\n"
            "step_key = jax.random.fold_in(key, step)",
            related=(fact.site.location("the loop"),),
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS202 that the evidence of a run shows."""
    for found in verdicts(recording, "KS202"):
        yield found.finding(
            f"a second run of the loop drew from the keys of the first again "
            f"({found.facts['keys']} keys)",
            why="the chain of keys began anew, so the resumed steps repeat the randomness of "
            "earlier ones",
            fix="store the key with the state, or make it of the step:\n"
            "step_key = jax.random.fold_in(root, step)",
        )
