"""What the rules judge by: every mistake that the evidence shows, found once a recording.

The rules import this module, and lint imports the rules: what reads recordings, and NumPy with it, is
imported when there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystream._audit.judged import Judged

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def verdicts(recording: Recording, code: str) -> list[Judged]:
    """The mistakes of one code."""
    found = recording.evidence.get("verdicts")
    if found is None:
        from keystream._audit.evidence import judged  # noqa: PLC0415

        found = recording.evidence["verdicts"] = judged(recording)
    return [each for each in found if each.code == code]
