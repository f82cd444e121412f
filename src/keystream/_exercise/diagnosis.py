"""Naming the likely mistakes of a solution from the evidence of its run."""

from __future__ import annotations

import contextlib
import re
import shlex
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from keystream._exercise import leads
from keystream._exercise.call_mistakes import CALLS
from keystream._exercise.evidence import Evidence, Result, line_of, names
from keystream._exercise.leads import Lead
from keystream._exercise.mistake import Mistake, Steps
from keystream._exercise.output_mistakes import PROGRAMS, PROPERTIES, RESIDUAL, SHAPES
from keystream._exercise.programs import Program
from keystream._exercise.runner import Run

Found = tuple[Mistake, str]  # and where it shows


@dataclass(frozen=True)
class Finding:
    """A mistake that a solution makes.

    Args:
        name: the mistake's short name.
        what: what the solution does; this line stands alone.
        where: line, module path or cases that show it.
        why: the consequence, or why it is wrong.
        fix: an instruction, with code to paste.
        lead: the page and the command that say more.
    """

    name: str
    what: str
    where: str
    why: str
    fix: str
    lead: Lead


def diagnose(evidence: Evidence, run: Run) -> tuple[Finding, ...]:
    """Name the mistakes of a solution.

    Args:
        evidence: its results.
        run: how its process ended.

    Returns:
        The findings, at least one if a case did not pass; none for a right solution.
    """
    found = _by_sign(evidence, (*CALLS, *SHAPES))
    if evidence.wrong:
        found += (
            _by_programs(evidence) or _by_sign(evidence, PROPERTIES) or _by_sign(evidence, RESIDUAL)
        )
    findings = [_finding(mistake, where) for mistake, where in _told(found)]
    findings += _ended_early(evidence, run)
    if not findings and not all(result.passed for result in evidence.results):
        findings = [_unknown(evidence, run)]
    return tuple(findings)


def _told(found: list[Found]) -> Iterator[Found]:
    """Each mistake once, and none that another one hides."""
    told: set[str] = set()
    for mistake, where in found:
        others = (other for other, _ in found if other.name != mistake.name)
        hidden = any(re.fullmatch(other.hides, mistake.name) for other in others)
        if mistake.name not in told and not hidden:
            told.add(mistake.name)
            yield mistake, where


def _by_sign(evidence: Evidence, mistakes: tuple[Mistake, ...]) -> list[Found]:
    signs = ((mistake, mistake.sign(evidence)) for mistake in mistakes if mistake.sign)
    return [(mistake, where) for mistake, where in signs if where]


def _by_programs(evidence: Evidence) -> list[Found]:
    """The one mistake, or else the two, whose program makes the solution's outputs."""
    if 2 * len(evidence.numeric) < len(evidence.results):
        return []  # too few outputs to tell programs apart
    for mistakes, steps in (*_single(), *_pairs()):
        if evidence.explained_by(Program().with_steps(steps).run):
            these = "this mistake gives" if len(mistakes) == 1 else "these mistakes together give"
            where = f"all {len(evidence.numeric)} outputs are what {these}"
            return [(mistake, where) for mistake in mistakes]
    return []


def _single() -> Iterator[tuple[tuple[Mistake, ...], Steps]]:
    for mistake in PROGRAMS:
        for steps in mistake.programs:
            yield (mistake,), steps


def _pairs() -> Iterator[tuple[tuple[Mistake, ...], Steps]]:
    """Two mistakes at once, each in its commonest form: of all forms there are too many to try."""
    for first, second in combinations(PROGRAMS, 2):
        steps, others = first.programs[0], second.programs[0]
        if not steps.keys() & others.keys():
            yield (first, second), {**steps, **others}


def _finding(mistake: Mistake, where: str) -> Finding:
    return Finding(mistake.name, mistake.what, where, mistake.why, mistake.fix, mistake.lead)


def _ended_early(evidence: Evidence, run: Run) -> list[Finding]:
    last = next((r for r in evidence.results if r.status in ("timed out", "ended")), None)
    if last is None and (evidence.loaded or evidence.failed):
        return []
    where = "while the file was loaded" if last is None else names([last])
    if run.timed_out:
        return [
            Finding(
                "timed-out",
                f"the solution was still running after {run.timeout:g} s, and was ended",
                where,
                "a loop may not end; what comes after it was not run",
                f"call it yourself and watch, or give it longer: --timeout {2 * run.timeout:g}",
                leads.TASK,
            )
        ]
    return [
        Finding(
            "process-ended",
            f"the solution ended its process ({_ending(run.exit_code)})",
            where,
            "what comes after it was not run",
            "return the result; don't call os._exit, and look at what was printed last",
            leads.TASK,
        )
    ]


def _ending(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit code {exit_code}"
    with contextlib.suppress(ValueError):  # real-time signals have no names
        return signal.Signals(-exit_code).name
    return f"signal {-exit_code}"


def _unknown(evidence: Evidence, run: Run) -> Finding:
    if evidence.failed:
        event = evidence.failed
        return Finding(
            "not-loaded",
            f"the file can't be loaded: {_first_line(event['kinds'][0], event['message'])}",
            line_of(event),
            "the function is not there before the whole file has run",
            f"make the file run by itself first: python {shlex.quote(str(run.solution))}",
            leads.TASK,
        )
    raised = [result for result in evidence.results if result.raised]
    if raised:
        return _unknown_error(raised)
    wrong = [result for result in evidence.results if not result.passed]
    return Finding(
        "unknown",
        "outputs are wrong, in a way that no known mistake explains",
        names(wrong),
        "weights, mask, scale and flag all have to be right for an output to be",
        "go through the task step by step: keystream exercise --hints",
        leads.TASK,
    )


def _unknown_error(raised: list[Result]) -> Finding:
    event = raised[0].event
    return Finding(
        "raised",
        f"the solution raised {_first_line(event['kinds'][0], event['message'])}",
        f"{line_of(event)} · {names(raised)}",
        "the cases have no output",
        f"see the whole message by calling it yourself:\n{raised[0].case.call()}",
        leads.TASK,
    )


def _first_line(kind: str, message: str) -> str:
    line = message.strip().partition("\n")[0]
    return f"{kind}: {line}" if line else kind
