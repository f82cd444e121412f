"""What becomes of a repeated use: an excuse, a mistake, or nothing that is known."""

from __future__ import annotations

from dataclasses import dataclass, field

from keystream._evidence.pairs import Pair
from keystream._findings import Severity
from keystream._judge.excuses import Excused


@dataclass
class Found:
    """One mistake among repeated keys.

    Attributes:
        code: of the rule that holds.
        severity: that it gives.
        pair: the first pair of uses that it holds of.
        pairs: others of the same mistake, of other places.
        keys: different keys that were used again, as far as they were looked at.
        further: how many more there are.
        ends: the first and the last call that used one again, by their places.
        count: how many uses were one too many.
        calls: the ordinals of the calls of the uses that were looked at, with their sites.
    """

    code: str
    severity: Severity
    pair: Pair
    pairs: list[Pair] = field(default_factory=list[Pair])
    keys: set[int] = field(default_factory=set[int])
    further: int = 0
    ends: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])
    count: int = 0
    calls: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])

    def note_ends(self, *uses: tuple[int, int]) -> None:
        """Take in the places and calls of uses that count, whether or not they were looked at."""
        for site, call in uses:
            first, last = self.ends.get(site, (call, call))
            self.ends[site] = min(first, call), max(last, call)


Outcome = Excused | Found | None  # excused, a mistake, or nothing is known
