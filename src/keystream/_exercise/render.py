"""The report of a check as text and as JSON."""

from __future__ import annotations

import io
import re
import sys
import textwrap
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from keystream._address import section_of
from keystream._exercise.diagnosis import Finding
from keystream._exercise.evidence import ATOL, RTOL, Result
from keystream._exercise.leads import RIGHT, Lead
from keystream._exercise.reading import for_json
from keystream._exercise.report import Report

_MOST_LINES = 10  # of what the solution printed
_HANG = 9  # columns before the text of a field
_WIDEST = 80  # columns of running text, however wide the terminal
_NARROW = 78  # columns below which the longest row of three does not fit

# What a solution prints or raises may move the cursor, and has no say in our colours.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")

_WORDS = {
    "exact": "pass",
    "close": "pass (rounded)",
    "wrong": "WRONG",
    "raised": "ERROR",
    "ended": "ENDED",
    "timed out": "TIME-OUT",
    "not run": "not run",
}


def console() -> Console:
    """Where a report goes: the standard output, in a pipe without colours and at 80 columns."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a solution prints what not every terminal can
    return Console(highlight=False)


def print_report(report: Report, console: Console, *, random_seed: int) -> None:
    """Print a report: a table of cases, then the mistakes, then the verdict.

    Args:
        report: the outcome of a check.
        console: where to; it decides on colours and width.
        random_seed: the seed of the random cases, printed so that the check can be repeated.
    """
    if any(result.status != "not run" for result in report.results):
        narrow = console.width < _NARROW
        table = _table(report, plain=narrow or not console.is_terminal, narrow=narrow)
        console.print(table)
    if report.printed.strip():
        _print(console, "\nThe solution printed last:", "bold")
        for line in last_lines(report).split("\n"):
            _print(console, f"  {line}", "dim")
    for number, finding in enumerate(report.findings, start=1):
        _print_finding(console, number, finding)
    _print(console, f"\n{verdict(report)}", "bold green" if report.passed else "bold red")
    if report.passed:
        _print(console, f"Read:  {section_of(RIGHT.page)}, how a name becomes a key")
        _print(console, f"Next:  {RIGHT.command}, a training with six streams")
    failed = [result for result in report.results if not result.passed]
    first = next((result for result in failed if result.status != "not run"), None)
    if first is not None:
        _print(console, f"The first case that did not pass:\n  {first.case.call()}")
    _print(console, f"Random cases: --random-seed {random_seed}", "dim")


def last_lines(report: Report) -> str:
    """The last lines of what the solution printed."""
    return "\n".join(report.printed.strip().splitlines()[-_MOST_LINES:])


def without_controls(text: str) -> str:
    """Text that a solution had a say in, without what would move the cursor or set colours."""
    return _CONTROL.sub("", text)


def rows(report: Report) -> list[tuple[str, str, str]]:
    """For each case its name, its result, and what came where it is wrong."""
    return [(r.case.name, _WORDS[r.status], _detail(r)) for r in report.results]


def _print(console: Console, text: str, style: str = "") -> None:
    # Lines are long or short as they are: code has to be pasted in one piece.
    console.print(Text(without_controls(text), style), soft_wrap=True)


def _table(report: Report, *, plain: bool, narrow: bool) -> Table:
    """The cases; a narrow terminal has no room for what came, which is told of the first case below."""
    table = Table(box=None if plain else box.SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("case", "result") if narrow else ("case", "result", "what came"):
        table.add_column(heading, no_wrap=True)
    for result, (name, word, came) in zip(report.results, rows(report), strict=True):
        style = "green" if result.passed else ("dim" if result.status == "not run" else "red")
        row = Text(name), Text(word, style), Text(came)
        table.add_row(*row[: len(table.columns)])
    return table


def _detail(result: Result) -> str:
    """What came instead of the right output; nothing where the case passed."""
    if result.raised:
        return str(result.event["kinds"][0])
    if result.status != "wrong":
        return ""
    if result.shape != result.want.shape or not result.event["array"]:
        shape = "" if result.shape is None else f", shape {result.shape}"
        return f"{result.event['type']}{shape}"
    if result.got is None:
        return "no numbers"
    index = int(np.argmax(~np.isclose(result.got, result.want, rtol=RTOL, atol=ATOL)))
    return f"output[{index}] is {result.got[index]:.6g}, not {result.want[index]:.6g}"


def _print_finding(console: Console, number: int, finding: Finding) -> None:
    _print(console, f"\n{number}. {finding.what}", "bold")
    width = min(console.width, _WIDEST) - _HANG
    lines = {
        "where": _wrapped(finding.where, width),
        "why": _wrapped(finding.why, width),
        "fix": _instructed(finding.fix, width),
        "read": section_of(finding.lead.page),
        "next": finding.lead.command,
    }
    for label, text in lines.items():
        hung = text.replace("\n", f"\n{' ' * _HANG}")
        _print(console, f"  {label + ':':<6} {hung}")
    _print(console, f"  {finding.name}", "dim")


def _instructed(fix: str, width: int) -> str:
    """An instruction, wrapped, above its code, which is to be pasted as it is."""
    words, *code = fix.split("\n")
    return "\n".join([_wrapped(words, width), *code])


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def verdict(report: Report) -> str:
    """Whether the solution is right, in a line."""
    passed = sum(result.passed for result in report.results)
    count = f"{passed} of {len(report.results)} cases passed"
    if report.passed:
        return f"Right: {count}."
    if passed == len(report.results):
        return f"Not right yet: {count}, and still it makes the mistake above."
    return f"Not right yet: {count}."


def to_json(report: Report, solution: Path, *, random_seed: int) -> dict[str, object]:
    """The report as values that `json` writes.

    Args:
        report: the outcome of a check.
        solution: the file that was checked.
        random_seed: the seed of the random cases.

    Returns:
        ``solution``, ``passed``, ``random_seed``, ``cases``, ``mistakes``, ``printed``, and for a
        right solution ``read`` and ``next``, which each mistake has of its own.
    """
    return {
        "solution": str(solution),
        "passed": report.passed,
        "random_seed": random_seed,
        "cases": [_case(result) for result in report.results],
        "mistakes": [_mistake(finding) for finding in report.findings],
        "printed": report.printed,
        **(_led(RIGHT) if report.passed else {}),
    }


def _mistake(finding: Finding) -> dict[str, object]:
    fields = asdict(finding)
    del fields["lead"]
    return fields | _led(finding.lead)


def _led(lead: Lead) -> dict[str, object]:
    return {"read": section_of(lead.page), "next": lead.command}


def _case(result: Result) -> dict[str, object]:
    values = result.event.get("values")
    return {
        "name": result.case.name,
        "inputs": result.case.inputs(),
        "status": result.status,
        "passed": result.passed,
        "expected": for_json(result.want),
        "got": None if values is None else for_json(values),
        "error": result.raised or None,
    }
