"""A counter folded into a key that begins again while the key stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding, inner, key_name

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """A counter folded into a key that begins again while the key stays."""
    for mistake in module.of("KS204"):
        turn = mistake.repeat.turn
        yield finding(
            "KS204",
            mistake.severity,
            mistake.site,
            message=f"the counter folded into {key_name(mistake)} begins again in each turn of "
            "the loop at line "
            f"{turn.line if turn else 0}",
            why="every epoch draws what the first epoch drew",
            fix="fold both counters, or one that never goes back:\n"
            "key = jax.random.fold_in(jax.random.fold_in(root, epoch), step)",
            inner=inner(mistake),
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS204 that the evidence of a run shows."""
    for found in verdicts(recording, "KS204"):
        yield found.finding(
            f"a counter of keys went back: {found.facts['keys']} keys were drawn from again",
            why="the state that counts the draws was lost or restored, so masks repeat",
            fix="return the random state from the compiled function, or use nnx.jit",
        )
