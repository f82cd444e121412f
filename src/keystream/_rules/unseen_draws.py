"""unseen-draws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS902 that the evidence of a run shows."""
    for found in verdicts(recording, "KS902"):
        reasons = "; ".join(
            f"{reason} ({count})" for reason, count in found.facts["reasons"].items()
        )
        yield found.finding(
            f"not everything was seen: {reasons}",
            why="mistakes among what was not seen are not in this report",
            fix="read the reasons; docs/audit.md says what each means",
        )
