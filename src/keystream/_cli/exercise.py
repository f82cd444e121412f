"""``keystream exercise``: show the dropout exercise, or check a solution."""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from keystream._address import section_of
from keystream._cli.output import columns, fitted, reader_may_leave, tell
from keystream._cli.usage import file_meant
from keystream._extras import require
from keystream.errors import BadExerciseInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystream._exercise.cases import Case
    from keystream._exercise.runner import Event, Run

WRONG = 1
_PATIENCE = 20.0  # seconds: a right solution needs fewer, also where JAX comes from a cold disk


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--hint", type=int, metavar="N", help="show the Nth hint")
    parser.add_argument("--hints", action="store_true", help="show all hints")
    actions = parser.add_subparsers(dest="action", metavar="check")
    line = "run a solution in a process of its own, and name its mistakes"
    check = actions.add_parser(
        "check",
        help=line,
        description=f"{line.capitalize()}.",
        epilog="Exit code: 0 right, 1 not right, 2 the check could not run.",
    )
    check.add_argument("solution", type=Path, help="the file that defines run_dropout_model")
    check.add_argument(
        "--timeout",
        default="60",
        metavar="SECONDS",
        help="time limit of the solution, the import of JAX included (default: 60)",
    )
    check.add_argument(
        "--random-seed",
        type=int,
        default=0,
        metavar="N",
        help="decides the random cases (default: 0)",
    )
    check.add_argument("--json", action="store_true", help="print the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Show the task or hints, or check a solution.

    Returns:
        0 for a right solution, 1 for one that is not.

    Raises:
        KeystreamError: KS010, there is no such hint or file; KS007 without Flax.
    """
    if arguments.action == "check":
        return _check(arguments)
    from keystream._exercise.task import HINTS, TASK

    if arguments.hints:
        shown = "\n\n".join(f"Hint {i}\n{hint}" for i, hint in enumerate(HINTS, start=1))
        _show(f"{shown}\n\n{_leading(len(HINTS))}")
    elif arguments.hint is not None:
        _show(f"{_hint(arguments.hint)}\n\n{_leading(arguments.hint)}")
    else:
        _show(TASK)
    return 0


def _show(text: str) -> None:
    print(fitted(text, columns()))


def _leading(hint: int) -> str:
    """Where a hint leads: its page, and the next command."""
    from keystream._exercise.task import HINTS, PAGES

    following = f"keystream exercise --hint {hint + 1}, or " if hint < len(HINTS) else ""
    check = f"{following}keystream exercise check solution.py"
    return f"Read:  {section_of(PAGES[hint - 1])}\nNext:  {check}"


def _hint(number: int) -> str:
    from keystream._exercise.task import HINTS

    if not 1 <= number <= len(HINTS):
        raise BadExerciseInputError(
            f"there is no hint {number}",
            where=f"keystream exercise --hint {number}",
            why=f"hints are numbered from 1 to {len(HINTS)}",
            fix="keystream exercise --hint 1",
        )
    return HINTS[number - 1]


def _check(arguments: argparse.Namespace) -> int:
    solution: Path = arguments.solution
    random_seed: int = arguments.random_seed
    _require_file(solution)
    timeout = _seconds(arguments.timeout)
    _start_loading_jax()
    from keystream._exercise.cases import all_cases

    cases = all_cases(random_seed)
    process = _run(solution, timeout, cases)
    from keystream._exercise import render
    from keystream._exercise.report import assess

    report = assess(cases, process)
    with reader_may_leave():
        if arguments.json:
            document = render.to_json(report, solution, random_seed=random_seed)
            print(json.dumps(document, allow_nan=False))
        else:
            render.print_report(report, render.console(), random_seed=random_seed)
    return 0 if report.passed else WRONG


def _start_loading_jax() -> None:
    """Load what judges the solution while the solution runs: both take seconds to import JAX."""
    if "jax" not in sys.modules:
        # Solution and reference run at once: on one GPU they would fight for its memory.
        os.environ["JAX_PLATFORMS"] = "cpu"
    if find_spec("flax") is None:
        require("flax", purpose="keystream exercise check")  # raises, with the fix
    judge = ("keystream._exercise.report",)
    threading.Thread(target=importlib.import_module, args=judge, daemon=True).start()


def _run(solution: Path, timeout: float, cases: Sequence[Case]) -> Run:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from keystream._exercise import runner

    terminal = Console(stderr=True)
    if not terminal.is_terminal:
        words = f"keystream exercise: still running; it is ended after {timeout:g} s (--timeout)"
        waiting = threading.Timer(_PATIENCE, tell, (words,))
        waiting.daemon = True
        waiting.start()
        try:
            return runner.run(solution, cases, timeout=timeout)
        finally:
            waiting.cancel()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=terminal, transient=True) as progress:
        words = f"running the solution, at most {timeout:g} s"
        bar = progress.add_task(words, total=len(cases))

        def on_event(event: Event) -> None:
            if event["event"] in ("returned", "raised"):
                progress.advance(bar)

        return runner.run(solution, cases, timeout=timeout, on_event=on_event)


def _require_file(solution: Path) -> None:
    try:
        solution.read_bytes()
    except OSError as error:
        raise BadExerciseInputError(
            f"{str(solution)!r} can't be read: {error.strerror}",
            where=f"keystream exercise check {solution}",
            why="a solution is a file of Python source",
            fix="give its path: keystream exercise check "
            + file_meant(str(solution), "solution.py", (".py",)),
        ) from error


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.0 < seconds <= 86_400.0:
        raise BadExerciseInputError(
            f"timeout is {text!r}, but must be a number of seconds above 0, at most 86400",
            where=f"keystream exercise check --timeout {text}",
            why="a solution that never ends has to be ended some time",
            fix="keystream exercise check solution.py --timeout 60",
        )
    return seconds
