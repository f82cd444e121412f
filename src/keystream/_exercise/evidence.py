"""What is known of a solution after its run: each case with the right answer beside the given one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from keystream._exercise.cases import Case
from keystream._exercise.programs import Program, Values

Event = dict[str, Any]
Sign = Callable[["Evidence"], str]  # where a mistake shows, or nothing
Status = Literal["exact", "close", "wrong", "raised", "ended", "timed out", "not run"]

# A solution may be compiled, which rounds otherwise than Flax step by step: some units in the last
# place of float32. Every mistake of the table is further away than this.
RTOL, ATOL = 1e-5, 1e-6
_SHOWN = 3


def close(a: Values, b: Values) -> bool:
    """Whether two outputs are equal up to rounding, NaN to NaN."""
    return a.shape == b.shape and np.allclose(a, b, rtol=RTOL, atol=ATOL, equal_nan=True)


@dataclass(frozen=True)
class Result:
    """One case, the right answer, and what the solution made of it.

    Args:
        case: the inputs.
        want: the right output, shape ``(n,)``.
        status: exact (bit for bit), close (equal up to rounding; that passes too), wrong, raised,
            ended (the process, in the middle), timed out, or not run.
        event: what the learner's process noted; empty when it noted nothing.
    """

    case: Case
    want: Values
    status: Status
    event: Event

    @property
    def passed(self) -> bool:
        """Whether the case counts as right."""
        return self.status in ("exact", "close")

    @cached_property
    def got(self) -> Values | None:
        """The numbers that the solution gave, if they are as many as they must be."""
        values = self.event.get("values")
        if values is None or len(values) != len(self.case.x):
            return None
        return np.array(values, np.float64)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape of what the solution gave, if it has one."""
        shape = self.event.get("shape")
        return None if shape is None else tuple(shape)

    @property
    def raised(self) -> str:
        """The exception as ``Kind: message``, or nothing."""
        if self.status != "raised":
            return ""
        return f"{self.event['kinds'][0]}: {self.event['message']}"

    @property
    def draws(self) -> bool:
        """Whether the right program draws a mask in this case."""
        return self.case.deterministic < 0.5 and 0.0 < self.case.drop_rate < 1.0


@dataclass(frozen=True)
class Evidence:
    """All results of a run.

    Args:
        results: one for each case, in order.
        failed: the event that says what the solution raised when it was loaded; empty if nothing.
        loaded: its function was found.
        parameters: the names of what its function takes; empty if they are not known.
    """

    results: tuple[Result, ...]
    failed: Event
    loaded: bool
    parameters: tuple[str, ...] = ()

    @cached_property
    def layers(self) -> list[Event]:
        """The Flax layers that the solution called, as the observer noted them."""
        return [layer for result in self.results for layer in result.event.get("layers", [])]

    @cached_property
    def wrong(self) -> list[Result]:
        """The cases whose numbers are as many as they must be, but others."""
        return [r for r in self.results if r.got is not None and not close(r.got, r.want)]

    @cached_property
    def numeric(self) -> list[Result]:
        """The cases whose numbers can be compared."""
        return [r for r in self.results if r.got is not None]

    def explained_by(self, program: Callable[[Case], Values]) -> bool:
        """Whether a program makes the solution's numbers in every case, and some of them wrong."""
        if not self.wrong or not all(np.isfinite(_numbers(r)).all() for r in self.wrong):
            return False  # all programs here have finite outputs
        # The wrong cases first: most programs differ there at once.
        order = sorted(self.numeric, key=lambda result: result not in self.wrong)
        return all(close(_numbers(r), program(r.case)) for r in order)


def _numbers(result: Result) -> Values:
    assert result.got is not None
    return result.got


def names(results: Sequence[Result]) -> str:
    """The cases by name, the first few of them."""
    shown = ", ".join(f'"{result.case.name}"' for result in results[:_SHOWN])
    rest = len(results) - _SHOWN
    return f"cases {shown} and {rest} more" if rest > 0 else f"cases {shown}"


def line_of(event: Event) -> str:
    """The line of the solution at which an exception was raised."""
    if event["line"] is None:
        return "no line of the file"
    source = " ".join(event["source"].split())
    return f"line {event['line']}: {source}" if source else f"line {event['line']}"


def gather(cases: Sequence[Case], events: Iterable[Event], *, timed_out: bool) -> Evidence:
    """Set what a run noted against the right answers.

    Args:
        cases: what the solution was run on.
        events: what its process noted, as `keystream._exercise.learner` describes.
        timed_out: the process was ended at the time limit.

    Returns:
        The evidence.
    """
    notes: dict[int, Event] = {}
    whole: dict[str, Event] = {}
    for event in events:
        if "case" in event:
            notes[event["case"]] = event
        else:
            whole[event["event"]] = event
    program = Program()
    results = (
        _result(case, program.run(case), notes.get(index, {}), timed_out=timed_out)
        for index, case in enumerate(cases)
    )
    loaded = whole.get("loaded", {})
    parameters = tuple(loaded.get("parameters", ()))
    return Evidence(tuple(results), whole.get("failed", {}), bool(loaded), parameters)


def _result(case: Case, want: Values, event: Event, *, timed_out: bool) -> Result:
    return Result(case, want, _status(want, event, timed_out=timed_out), event)


def _status(want: Values, event: Event, *, timed_out: bool) -> Status:
    match event.get("event"):
        case None:
            return "not run"
        case "started":
            return "timed out" if timed_out else "ended"
        case "raised":
            return "raised"
        case _:
            pass
    if not event["array"] or event.get("shape") != list(want.shape) or "values" not in event:
        return "wrong"
    got = np.array(event["values"], np.float64)
    signs_too = np.array_equal(np.signbit(got), np.signbit(want))
    if signs_too and np.array_equal(got, want, equal_nan=True):
        return "exact"
    return "close" if close(got, want) else "wrong"
