"""path-collision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS104 that the evidence of a run shows."""
    for found in verdicts(recording, "KS104"):
        yield found.finding(
            f"two modules drew from one key; one of them is {found.module_path}",
            why="Flax hashes a module's path without separators, so ab/c and a/bc get one key",
            fix="rename one of the modules, or set FLAX_FIX_RNG_SEPARATOR=1",
        )
