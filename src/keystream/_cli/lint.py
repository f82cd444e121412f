"""``keystream lint``: the mistakes that source shows, without running it."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from keystream._cli.output import reader_may_leave, show, tell
from keystream._cli.output_file import Output
from keystream._cli.usage import UsageError, file_meant, positive
from keystream._codes import CODES
from keystream._findings import Report

if TYPE_CHECKING:
    from keystream._linter.config import Config

FORMATS = ("text", "json", "sarif", "github")
_NOTHING_READ = (
    "keystream lint: warning: no file was read: {} has no Python file or notebook, "
    "or exclude leaves them out"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "paths", nargs="*", default=["."], help="files, notebooks and folders; the current one"
    )
    parser.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="CODES",
        help="codes, their beginnings or names of mistakes, separated by commas",
    )
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="CODES", help="those to leave out"
    )
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="how findings are printed"
    )
    parser.add_argument("--output", metavar="FILE", help="write there instead of to the terminal")
    parser.add_argument(
        "--show-excused", action="store_true", help="tell which repeated uses of a key are excused"
    )
    parser.add_argument("--statistics", action="store_true", help="count findings by code")
    parser.add_argument(
        "--jobs", type=positive, default=0, metavar="N", help="processes; one for each processor"
    )
    parser.add_argument(
        "--fix", action="store_true", help="repair what can be repaired without changing a bit"
    )
    parser.add_argument(
        "--unsafe-fixes", action="store_true", help="repair also what changes drawn bits"
    )
    parser.add_argument("--diff", action="store_true", help="show the repairs, change no file")


def run(arguments: argparse.Namespace) -> int:
    """Check, print, and answer 0 (nothing of severity warning or above), 1 or 2 (could not run)."""
    from keystream._linter.config import read_config
    from keystream._linter.engine import SUFFIXES, check

    missing = [path for path in arguments.paths if not Path(path).exists()]
    if missing:
        meant = file_meant(missing[0], "PATH ...", SUFFIXES)
        raise UsageError(f"there is no {missing[0]!r}", fix=f"keystream lint {meant}")
    output = Output(arguments.output)
    config = read_config(
        Path(arguments.paths[0]), select=_split(arguments.select), ignore=_split(arguments.ignore)
    )
    if arguments.fix or arguments.unsafe_fixes or arguments.diff:
        changed = _fix(arguments, config)
        if arguments.diff:
            return changed
    report = check(arguments.paths, config, jobs=arguments.jobs)
    report = replace(report, shows_excused=arguments.show_excused)
    if not report.summary["files"]:
        tell(_NOTHING_READ.format(" ".join(arguments.paths)))
    _write(report, arguments, output)
    return report.exit_code


def _write(report: Report, arguments: argparse.Namespace, output: Output) -> None:
    from keystream._report import render, text

    if arguments.format == "text" and not arguments.statistics and output.name is None:
        with reader_may_leave():
            text.write(report, sys.stdout)
    else:
        output.put(
            _statistics(report) if arguments.statistics else render(report, arguments.format)
        )


def _fix(arguments: argparse.Namespace, config: Config) -> int:
    """Repair files, or show how; 1 where something was repaired or would be."""
    from keystream._linter.editing import as_before
    from keystream._linter.engine import find_files
    from keystream._linter.fixing import mend

    count = 0
    for path in find_files(arguments.paths, config):
        fixed = mend(path, config, unsafe=arguments.unsafe_fixes)
        if fixed is None:
            continue
        for place, code, reason in fixed.refusals:
            tell(f"{place.said}: {code} is not repaired: {reason}")
        if not fixed.repairs:
            continue
        count += len(fixed.repairs)
        if arguments.diff:
            show(fixed.diff())
        else:
            path.write_bytes(as_before(path.read_bytes(), fixed.after))
    if not arguments.diff and count:
        tell(f"{count} repair{'s' * (count != 1)} made")
    return int(count > 0)


def _split(words: list[str]) -> list[str]:
    return [word.strip() for group in words for word in group.split(",") if word.strip()]


def _statistics(report: Report) -> str:
    counts = Counter(finding.code for finding in report.findings if finding.suppressed is None)
    lines = [f"{count:>6}  {code}  {CODES[code]}" for code, count in counts.most_common()]
    return "\n".join([*lines, _summary(report)]) + "\n"


def _summary(report: Report) -> str:
    files, lines = report.summary["files"], report.summary["lines"]
    return f"{files} file{'s' * (files != 1)}, {lines} line{'s' * (lines != 1)} read"
