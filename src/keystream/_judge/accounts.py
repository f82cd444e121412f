"""The books: every draw from a key that was drawn from before stands in exactly one account."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from keystream._judge.excuses import INSIDE, Excuse


@dataclass
class Accounts:
    """How many draws there were, and where those stand that repeated a key.

    Attributes:
        draws: all of them.
        distinct: different keys that they used.
        in_findings: draws that a finding tells of.
        excused: by reason.
        recomputed: made again for a gradient.
        inside: repeated by a sampler or a library by itself.
    """

    draws: int = 0
    distinct: int = 0
    in_findings: int = 0
    excused: Counter[Excuse] = field(default_factory=Counter[Excuse])
    recomputed: int = 0
    inside: int = 0

    def excuse(self, why: Excuse, count: int) -> None:
        """Book repeated draws that are no mistake."""
        if why is Excuse.RECOMPUTED:
            self.recomputed += count
        elif why in INSIDE:
            self.inside += count
        else:
            self.excused[why] += count

    @property
    def unexplained(self) -> int:
        """Repeated draws that stand in no account."""
        told = self.in_findings + self.recomputed + self.inside + self.excused.total()
        return self.draws - self.distinct - told

    def as_json(self) -> dict[str, Any]:
        """The accounts as `summary.accounts` of the JSON report."""
        return {
            "draws": self.draws,
            "distinct": self.distinct,
            "in_findings": self.in_findings,
            "excused": {why.value: count for why, count in self.excused.items() if count},
            "recomputed": self.recomputed,
            "inside": self.inside,
            "unexplained": self.unexplained,
        }


def told(accounts: dict[str, Any]) -> str:
    """The books in one sentence; empty where no key was drawn from twice."""
    draws, distinct = accounts["draws"], accounts["distinct"]
    if draws == distinct:
        return ""
    parts = [
        (accounts["in_findings"], "in the findings above"),
        (accounts["recomputed"], "recomputed in the backward pass"),
        (accounts["inside"], "inside samplers or libraries"),
        *((count, f"excused: {why}") for why, count in accounts["excused"].items()),
        (accounts["unexplained"], "unexplained"),
    ]
    words = ", ".join(f"{count:,} {what}" for count, what in parts if count)
    keys = f"{distinct:,} key{'s' * (distinct != 1)}"
    return f"{draws:,} draw{'s' * (draws != 1)} from {keys}: {words}"
