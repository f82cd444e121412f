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
    return [each for each in recording.evidence["verdicts"] if each.code == code]
