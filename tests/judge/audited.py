"""Small programs that the audit runs in this process."""

import contextlib
import io
import textwrap
from pathlib import Path

import keystream as ks
from keystream._audit.run import run_script


def audit(folder: Path, text: str, name: str = "program.py"):
    """The report of a program that is run as a script."""
    path = folder / name
    path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    hidden = io.StringIO()
    output, errors = contextlib.redirect_stdout(hidden), contextlib.redirect_stderr(hidden)
    with output, errors, ks.audit(str(path)) as audited:
        ending = run_script(str(path), [])
    assert ending.error is None, hidden.getvalue()
    return audited.report


def codes(report) -> list[str]:
    """The codes of the errors and warnings of a report."""
    return [found.code for found in report.findings if found.severity != "note"]


def sum_of(accounts) -> int:
    """What the accounts of a report add up to."""
    plain = ("distinct", "in_findings", "recomputed", "inside", "unexplained")
    return sum(accounts[name] for name in plain) + sum(accounts["excused"].values())
