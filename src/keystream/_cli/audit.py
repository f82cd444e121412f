"""`keystream audit`: run a program unchanged and report every randomness mistake it makes."""

from __future__ import annotations

import argparse
import contextlib
import sys
from dataclasses import replace
from pathlib import Path

from keystream._findings import Report
from keystream._report import FORMATS
from keystream.errors import KeystreamError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("-m", dest="module", action="store_true", help="PROGRAM is a module's name")
    parser.add_argument("--format", choices=tuple(FORMATS), default="text", help="of the report")
    parser.add_argument(
        "--output", metavar="FILE", help="write the report there, not to the terminal"
    )
    parser.add_argument(
        "--record", metavar="FILE", help="save every use of a key there, as Parquet"
    )
    parser.add_argument(
        "--after",
        metavar="FILE",
        action="append",
        default=[],
        help="the record of an earlier run that this one goes on from; may be given again",
    )
    parser.add_argument(
        "--include-libraries",
        action="store_true",
        help="judge installed libraries, JAX aside, like your own code",
    )
    parser.add_argument(
        "--show-excused",
        action="store_true",
        help="tell also which draws from one key are no mistake, and why",
    )
    parser.add_argument("program", metavar="PROGRAM", help="a script, or with -m a module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="of the program")


def run(arguments: argparse.Namespace) -> int:
    """Run the audit and return the exit code: the program's own, else 1 with findings, else 0."""
    from keystream._audit.run import run_module, run_script
    from keystream._session import audit

    name = arguments.program
    if not arguments.module and not Path(name).is_file():
        print(f"keystream audit: there is no script {name}", file=sys.stderr)
        return 2
    piped = arguments.format != "text" and arguments.output is None
    program_output = contextlib.redirect_stdout(sys.stderr) if piped else contextlib.nullcontext()
    session, failure, code = None, None, 0
    try:
        with (
            program_output,
            audit(
                name,
                record=arguments.record,
                after=arguments.after,
                include_libraries=arguments.include_libraries,
            ) as session,
        ):
            start = run_module if arguments.module else run_script
            ending = start(name, arguments.arguments)
            session.recording.error, code = ending.error, ending.code
    except KeystreamError as error:
        if session is None or session.report is None:
            raise
        failure = error
    assert session is not None
    assert session.report is not None
    report = replace(session.report, shows_excused=arguments.show_excused)
    _write(report, arguments.format, arguments.output)
    if failure is not None:
        print(f"keystream audit: {failure}", file=sys.stderr)
        return 2
    return code or session.report.exit_code


def _write(report: Report, form: str, output: str | None) -> None:
    from keystream._report import render, text

    if output is not None:
        Path(output).write_text(render(report, form), encoding="utf-8")
    elif form == "text":
        text.write(report, sys.stdout)
    else:
        print(render(report, form), end="")
