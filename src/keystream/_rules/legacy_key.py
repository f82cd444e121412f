"""Keys made by `PRNGKey`: one note a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """Keys made by `PRNGKey`: one note a file."""
    made = list(module.seen("legacy"))
    if made:
        count = len(made)
        more = f" and {count - 1} more in this file" if count > 1 else ""
        yield finding(
            "KS105",
            "note",
            made[0].site,
            message=f"jax.random.PRNGKey makes a legacy uint32 key{more}",
            why="a legacy key is an array like any other: JAX can't tell it from data or check "
            "its reuse",
            fix="make a typed key:\nkey = jax.random.key(seed)",
            count=count,
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS105 that the evidence of a run shows."""
    for found in verdicts(recording, "KS105"):
        yield found.finding(
            f"jax.random.PRNGKey makes a key of plain numbers ({found.count} places)",
            why="arithmetic on such a key, or its use as data, goes unnoticed",
            fix="make typed keys:\nkey = jax.random.key(seed)",
        )
