"""The outcome of a check: the results of a run set against the right answers, and its mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keystream._exercise.cases import Case
from keystream._exercise.diagnosis import Finding, diagnose
from keystream._exercise.evidence import Result, gather
from keystream._exercise.runner import Run


@dataclass(frozen=True)
class Report:
    """The outcome of a check, for any renderer.

    Args:
        results: one for each case, in order.
        findings: the mistakes, the likeliest first.
        printed: the end of what the solution printed.
    """

    results: tuple[Result, ...]
    findings: tuple[Finding, ...]
    printed: str

    @property
    def passed(self) -> bool:
        """Whether every case passed and no mistake was seen."""
        return not self.findings and all(result.passed for result in self.results)


def assess(cases: Sequence[Case], run: Run) -> Report:
    """Make the report of a run.

    Args:
        cases: what the solution was run on.
        run: what became of it.

    Returns:
        The report.
    """
    evidence = gather(cases, run.events, timed_out=run.timed_out)
    return Report(evidence.results, diagnose(evidence, run), run.printed)
