"""A draw in a loop from a key that the loop does not change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding, inner, key_name, used_by

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """A draw in a loop from a key that the loop does not change."""
    for mistake in module.of("KS203"):
        turn = mistake.repeat.turn
        _, second = used_by(mistake)
        drawn = mistake.repeat.second
        name = (
            f"{drawn.name} draws"
            if len(drawn.chain) > mistake.repeat.level + 1
            else f"{second} draws"
        )
        yield finding(
            "KS203",
            mistake.severity,
            mistake.site,
            message=f"{name} from {key_name(mistake)}, which the loop at line "
            f"{turn.line if turn else mistake.site.line} never changes",
            why="every iteration draws the same numbers",
            fix="derive a key for each iteration: carry it and split it, or fold the counter:\n"
            "step_key = jax.random.fold_in(key, i)",
            inner=inner(mistake),
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS203 that the evidence of a run shows."""
    for found in verdicts(recording, "KS203"):
        what = found.facts["site"].distribution or "a draw"
        yield found.finding(
            f"{what} inside a compiled loop got one key for all iterations",
            why="the loop closes over its key, so each iteration draws the same numbers",
            fix="carry the key, or scan over keys:\nkeys = jax.random.split(key, length)",
        )
