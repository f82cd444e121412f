"""Signs of a mistake in what a solution returned, for mistakes that no single program stands for.

A sign looks at the evidence and says where the mistake shows, or nothing. A mask that is not rescaled,
say, may come from any key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from keystream._exercise.cases import INPUTS, Case
from keystream._exercise.evidence import Evidence, Result, Sign, close, names
from keystream._exercise.programs import EVALUATION, Values


def wrong_type(evidence: Evidence) -> str:
    """What comes back is no array."""
    found = [r for r in evidence.results if r.event.get("event") == "returned"]
    found = [r for r in found if not r.event["array"]]
    return f"type {found[0].event['type']} · {names(found)}" if found else ""


def wrong_axes(evidence: Evidence) -> str:
    """What comes back is an array with more or fewer axes than one."""
    found = [r for r in _arrays(evidence) if len(r.shape or ()) != 1]
    return f"shape {found[0].shape} · {names(found)}" if found else ""


def wrong_length(evidence: Evidence) -> str:
    """What comes back is a vector of another length than `x`."""
    found = [r for r in _arrays(evidence) if len(r.shape or ()) == 1 and r.shape != r.want.shape]
    if not found:
        return ""
    return f"shape {found[0].shape} for x of shape {found[0].want.shape} · {names(found)}"


def wrong_dtype(evidence: Evidence) -> str:
    """What comes back is wrong, and of a dtype that holds less than the right output."""
    held = ("float32", "float64")
    found = [r for r in _arrays(evidence) if not r.passed and r.event["dtype"] not in held]
    return f"dtype {found[0].event['dtype']} · {names(found)}" if found else ""


def _arrays(evidence: Evidence) -> list[Result]:
    arrays = [r for r in evidence.results if r.event.get("array")]
    return [r for r in arrays if r.shape is not None]


def not_finite(evidence: Evidence) -> str:
    """Some values are NaN or infinite; the right ones never are."""
    found = [r for r in evidence.numeric if not np.isfinite(_got(r)).all()]
    return names(found) if found else ""


def ignores(name: str) -> Sign:
    """Cases that differ in one input alone got one output, where they have different ones."""

    def sign(evidence: Evidence) -> str:
        pairs = _neighbours(evidence.numeric, name)
        telling = [(a, b) for a, b in pairs if not close(a.want, b.want)]
        same = [(a, b) for a, b in telling if close(_got(a), _got(b))]
        if not same or len(same) < len(telling):
            return ""
        return names(same[0]) + " have one output"

    return sign


def ignores_while_dropping(name: str) -> Sign:
    """`ignores`, for an input of the mask: where nothing is dropped, its output tells nothing."""
    sign = ignores(name)

    def while_dropping(evidence: Evidence) -> str:
        drawn = [r for r in evidence.numeric if r.draws]
        return sign(evidence) if any(_drops_some(r) for r in drawn) else ""

    return while_dropping


def _drops_some(result: Result) -> bool:
    zeros = _got(result) == 0.0
    return bool(zeros.any() and not zeros.all())


def _neighbours(results: Sequence[Result], name: str) -> list[tuple[Result, Result]]:
    found: list[tuple[Result, Result]] = []
    for place, a in enumerate(results):
        found += [(a, b) for b in results[place + 1 :] if _differing(a.case, b.case) == [name]]
    return found


def _differing(a: Case, b: Case) -> list[str]:
    return [name for name in INPUTS if getattr(a, name) != getattr(b, name)]


def not_rescaled(evidence: Evidence) -> str:
    """Every value is dropped or that of evaluation, where it should be divided by the keep rate."""
    return _masked(evidence, lambda result: 1.0)


def foreign_mask(evidence: Evidence) -> str:
    """Every value is dropped or rescaled as it must be, but others are dropped."""
    return _masked(evidence, lambda result: 1.0 - result.case.drop_rate)


def rescaled_otherwise(evidence: Evidence) -> str:
    """In each case every value is dropped or that of evaluation divided by some one number."""
    if foreign_mask(evidence):
        return ""
    # A single kept value is divided by one number whatever was done to it.
    telling = any(r.draws and np.count_nonzero(_got(r)) > 1 for r in evidence.wrong)
    return _masked(evidence, _divisor) if telling else ""


def _divisor(result: Result) -> float:
    """By what the case's first kept value was divided."""
    got = _got(result)
    kept = np.flatnonzero(got)
    return float(EVALUATION.run(result.case)[kept[0]] / got[kept[0]]) if kept.size else 1.0


def _masked(evidence: Evidence, divisor: Callable[[Result], float]) -> str:
    drawn = [r for r in evidence.wrong if r.draws]
    found = [r for r in drawn if _is_masked(r, EVALUATION.run(r.case) / divisor(r))]
    # One dropped and one kept value at least: all zeros, or no mask at all, say nothing of scaling.
    dropped = any(value == 0.0 for r in found for value in _got(r))
    kept = any(value != 0.0 for r in found for value in _got(r))
    return names(found) if dropped and kept and len(found) == len(drawn) else ""


def _is_masked(result: Result, kept: Values) -> bool:
    got = _got(result)
    return close(got, np.where(got == 0.0, 0.0, kept))


def _got(result: Result) -> Values:
    assert result.got is not None  # only results with numbers get here
    return result.got


def wrong_without_dropout(evidence: Evidence) -> str:
    """All cases in which nothing is dropped, which show the dense layer itself, are wrong."""
    plain = [r for r in evidence.numeric if r.case.deterministic >= 0.5 or r.case.drop_rate == 0.0]
    wrong = [r for r in plain if r in evidence.wrong]
    return names(wrong) if wrong and len(wrong) == len(plain) else ""
