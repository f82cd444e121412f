"""`keystream report`: the report that is in the record of a run, also of one that was killed."""

from __future__ import annotations

import argparse
import glob
from pathlib import Path
from typing import TYPE_CHECKING

from keystream._cli.output_file import Output
from keystream._findings import Report
from keystream._report import FORMATS
from keystream.errors import RestoredStateMismatchError

if TYPE_CHECKING:
    from keystream._audit.saved import Saved


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--format", choices=tuple(FORMATS), default="text", help="of the report")
    parser.add_argument(
        "--output", metavar="FILE", help="write the report there, not to the terminal"
    )
    parser.add_argument(
        "records",
        metavar="RECORD",
        nargs="+",
        help="of keystream audit --record; the processes of one job, or a pattern for them in quotes",
    )


def run(arguments: argparse.Namespace) -> int:
    """Show the report and return its exit code: 1 with findings, else 0.

    Raises:
        MissingExtraError: KS007, pyarrow is not installed.
        RestoredStateMismatchError: KS005, a record can't be read, or is without a report.
    """
    from keystream._audit import parquet

    output = Output(arguments.output)
    records = [parquet.load(path, str(path)) for path in _paths(arguments.records)]
    report = of_record(records[0]) if len(records) == 1 else _of_job(records)
    _write(report, arguments.format, output)
    return report.exit_code


def _paths(words: list[str]) -> list[Path]:
    """The files that are named, patterns expanded where a shell has not."""
    found: dict[Path, None] = {}
    for word in words:
        matches = [] if Path(word).exists() else sorted(glob.glob(word))  # noqa: PTH207
        for name in matches or [word]:
            found.setdefault(Path(name))
    return list(found)


def of_record(saved: Saved) -> Report:
    """The report that a record holds.

    Raises:
        RestoredStateMismatchError: KS005, it holds none.
    """
    from keystream._report.document import from_document

    if saved.report is None:
        raise RestoredStateMismatchError(
            f"the record {saved.path} holds no report",
            why="it was saved by a version of keystream that kept the report apart",
            fix="record the run again: keystream audit --record run.parquet script.py",
        )
    report = from_document(saved.report)
    if saved.ended:
        return report
    from dataclasses import replace

    part = "the record of a run that was not finished, up to its last saving"
    return replace(report, summary={**report.summary, "part": part})


def _of_job(records: list[Saved]) -> Report:
    from keystream._audit.job import judged_together

    return judged_together(records, [of_record(each) for each in records])


def _write(report: Report, form: str, output: Output) -> None:
    import sys

    from keystream._report import render, text

    if form == "text" and output.name is None and sys.stdout.isatty():
        text.write(report, sys.stdout)
    else:
        output.put(render(report, form))
