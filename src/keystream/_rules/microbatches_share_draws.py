"""Gradient accumulation with one key for all microbatches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding, inner, key_name

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """Gradient accumulation with one key for all microbatches."""
    for mistake in module.of("KS304"):
        turn = mistake.repeat.turn
        yield finding(
            "KS304",
            mistake.severity,
            mistake.site,
            message=f"all microbatches of the loop at line {turn.line if turn else 0} draw from "
            f"{key_name(mistake)}",
            why="the accumulated gradient sees one mask instead of one for each microbatch",
            fix="fold the microbatch into the key:\nmicro_key = jax.random.fold_in(step_key, i)",
            inner=inner(mistake),
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS304 that the evidence of a run shows."""
    for found in verdicts(recording, "KS304"):
        what = found.facts["site"].distribution or "a draw"
        yield found.finding(
            f"{what} used one key for all microbatches of a step",
            why="accumulated gradients share one mask, so accumulation is not a larger batch",
            fix="fold in the number of the microbatch:\nkey = jax.random.fold_in(step_key, i)",
        )
