"""Checking a function of this process, such as one that a cell of a notebook defines."""

from __future__ import annotations

import contextlib
import inspect
import io
from collections.abc import Callable, Generator
from pathlib import PurePath
from typing import Any

import jax

from keystream._exercise import learner
from keystream._exercise.answer import Answer
from keystream._exercise.cases import all_cases
from keystream._exercise.flow import flow_of
from keystream._exercise.learner import FUNCTION, Event
from keystream._exercise.report import assess
from keystream._exercise.runner import KEPT_OUTPUT, Run
from keystream._intent import common_random_numbers
from keystream.errors import BadExerciseInputError


def check(function: Callable[..., Any], *, random_seed: int = 0) -> Answer:
    """Check a function that solves the dropout exercise, and show what it did with its keys.

    The function is called in this process. What it raises, prints or returns becomes a part of the
    answer, and only an interrupt ends the check. An endless loop is ended by the notebook's stop button.

    Args:
        function: ``run_dropout_model(seed, x, dropout_seed, drop_rate, deterministic)``, itself and not
            called.
        random_seed: decides the random cases; any integer.

    Returns:
        The answer. In a notebook it is shown as a picture, elsewhere as text.

    Raises:
        BadExerciseInputError: KS010, `function` is not a function.

    Example:
        >>> from keystream import exercise
        >>> from keystream.dropout_model import run_dropout_model
        >>> exercise.check(run_dropout_model).passed
        True
    """
    _require_function(function)
    cases = all_cases(random_seed)
    printed = io.StringIO()
    with _defaults():
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            inputs = [case.inputs() for case in cases]
            events = [_uninterrupted(e) for e in learner.calls(function, inputs, _own(function))]
        ended = printed.getvalue()[-KEPT_OUTPUT:]
        report = assess(cases, Run(tuple(events), ended, timed_out=False, exit_code=0, timeout=0.0))
        flow = flow_of(report)
    mistakes = tuple(finding.name for finding in report.findings)
    return Answer(report.passed, mistakes, report, flow, random_seed)


@contextlib.contextmanager
def _defaults() -> Generator[None]:
    """JAX as it is without settings, so that answers do not depend on those of the notebook.

    An audit of the notebook need not mind that the cases share seeds.
    """
    shared = common_random_numbers("cases that differ in one input show which inputs are used")
    with jax.enable_x64(False), jax.default_prng_impl("threefry2x32"), shared:
        yield


def _uninterrupted(event: Event) -> Event:
    if event["event"] == "raised" and event["kinds"][0] == "KeyboardInterrupt":
        raise KeyboardInterrupt
    return event


def _own(function: Callable[..., Any]) -> Callable[[str], bool]:
    """Whether a file is the learner's: that of the function, or one beside it, such as another cell."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    folder = PurePath(code.co_filename).parent if code is not None else None
    return lambda name: folder is not None and PurePath(name).parent == folder


def _require_function(function: object) -> None:
    if callable(function) and not inspect.isclass(function) and not hasattr(function, "shape"):
        return
    name = "a class" if inspect.isclass(function) else f"of type {type(function).__name__}"
    raise BadExerciseInputError(
        f"check was given what is {name}, but must be given the function {FUNCTION}",
        where="keystream.exercise.check(function)",
        why="the check calls it, with many seeds, rates and flags",
        fix=f"give it by its name, without brackets behind it: exercise.check({FUNCTION})",
    )
