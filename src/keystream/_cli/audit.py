"""`keystream audit`: run a program unchanged and report every randomness mistake it makes."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keystream._cli.usage import UsageError, file_meant
from keystream._report import FORMATS
from keystream.errors import KeystreamError

if TYPE_CHECKING:
    from keystream._audit.run import Ending
    from keystream._audit.window import Window
    from keystream._cli.delivery import Delivery
    from keystream._findings import Report
    from keystream._session.running import Files, Running

COULD_NOT_RUN = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("-m", dest="module", action="store_true", help="PROGRAM is a module's name")
    part = parser.add_argument_group("a part of the run; the program then goes on without an audit")
    options = [
        parser.add_argument(
            "--format", choices=tuple(FORMATS), default="text", help="of the report"
        ),
        parser.add_argument(
            "--output", metavar="FILE", help="write the report there, not to the terminal"
        ),
        parser.add_argument(
            "--record",
            metavar="FILE",
            help="save every use of a key there, as Parquet; also meanwhile, for keystream report",
        ),
        parser.add_argument(
            "--after",
            metavar="FILE",
            action="append",
            default=[],
            help="the record of an earlier run that this one goes on from; may be given again",
        ),
        parser.add_argument(
            "--include-libraries",
            action="store_true",
            help="judge installed libraries, JAX aside, like your own code",
        ),
        parser.add_argument(
            "--show-excused",
            action="store_true",
            help="tell also which draws from one key are no mistake, and why",
        ),
        part.add_argument("--steps", type=_count, metavar="N", help="audit N steps"),
        part.add_argument("--from-step", type=_number, metavar="K", help="begin with step K"),
        part.add_argument(
            "--for", dest="seconds", type=_time, metavar="TIME", help="such as 60s or 5m"
        ),
        part.add_argument(
            "--until-first-finding", action="store_true", help="end with the first error or warning"
        ),
        parser.add_argument(
            "--executed", metavar="FILE", help="of a notebook: write it there as it was executed"
        ),
    ]
    parser.add_argument(
        "program", metavar="PROGRAM", help="a script, a notebook, or with -m a module"
    )
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="of the program; the audit's own stand before it",
    )
    takes_value = {name: each.nargs != 0 for each in options for name in each.option_strings}
    parser.set_defaults(options=takes_value)


def _count(text: str) -> int:
    number = _number(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"it is a number of steps, 1 or more, not {text}")
    return number


def _number(text: str) -> int:
    try:
        number = int(text.replace("_", "").replace(",", ""))
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a step: write an integer, 0 or more")
    return number


def _time(text: str) -> float:
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    try:
        seconds = float(text.rstrip("smh")) * units[text[-1:] if text[-1:] in units else "s"]
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time: write it as 60s, 5m or 2h")
    return seconds


def run(arguments: argparse.Namespace) -> int:
    """Run the audit and return the exit code: the program's own, else 1 with findings, else 0.

    It is 2 where nothing could be audited: there is no such program, or the first step never came.
    """
    from keystream._audit.window import Window
    from keystream._cli.delivery import Delivery
    from keystream._session.running import Files

    name = arguments.program
    if not arguments.module and not Path(name).is_file():
        meant = file_meant(name, "path/to/script.py", (".py", ".ipynb"))
        raise UsageError(f"there is no script {name}", fix=f"keystream audit {meant}")
    if arguments.record and arguments.output and _same(arguments.record, arguments.output):
        raise UsageError(
            f"--record and --output name the same file, {arguments.output}",
            why="one would be written over the other",
            fix=f"keystream audit --record run.parquet --output report.txt {name}",
        )
    for option in ("output", "record", "executed"):
        file = getattr(arguments, option)
        if file and not arguments.module and _same(file, name):
            raise UsageError(
                f"--{option} names the program itself, {file}",
                why="the program would be written over",
                fix=f"name another file:\nkeystream audit --{option} FILE {name}",
            )
    is_notebook = Path(name).suffix == ".ipynb" and not arguments.module
    if arguments.executed and not is_notebook:
        raise UsageError(
            f"--executed is for a notebook, and {name} is none",
            why="only a notebook's file holds what its cells gave",
            fix=f"keystream audit {name}",
        )
    _warn_of_misplaced(arguments)
    delivery = Delivery(
        arguments.format,
        arguments.output,
        arguments.record,
        show_excused=arguments.show_excused,
    )
    if is_notebook:
        from keystream._cli.notebook import run as run_notebook

        return run_notebook(arguments, delivery)
    window = Window(
        arguments.from_step, arguments.steps, arguments.seconds, arguments.until_first_finding
    )
    files = Files.of(arguments.record, arguments.after)
    return _audit(arguments, files, window, delivery)


def _warn_of_misplaced(arguments: argparse.Namespace) -> None:
    """Say it before the program runs, perhaps for hours, without the options that were meant."""
    from keystream._cli.misplaced import parted

    name = arguments.program
    ours, rest = parted(arguments.arguments, arguments.options, _source(arguments))
    found = [word.partition("=")[0] for word in ours if word.partition("=")[0] in arguments.options]
    if not found:
        return
    words = shlex.join([*ours, *["-m"] * arguments.module, name, *rest])
    stand, them = ("stands", "it") if len(found) == 1 else ("stand", "them")
    warning = UsageError(
        f"{' and '.join(found)} {stand} behind {name}, so {name} gets {them} and the audit does not",
        fix=f"keystream audit {words}",
    )
    print(f"keystream audit: warning: {warning}", file=sys.stderr, flush=True)


def _source(arguments: argparse.Namespace) -> Path:
    """The program's file; one of that name for a module, which may be elsewhere."""
    if not arguments.module:
        return Path(arguments.program)
    path = Path(*arguments.program.split("."))
    return path / "__main__.py" if path.is_dir() else path.with_suffix(".py")


def _same(first: str, second: str) -> bool:
    return os.path.realpath(first) == os.path.realpath(second)


def _audit(arguments: argparse.Namespace, files: Files, window: Window, delivery: Delivery) -> int:
    from keystream._audit.run import NoProgramError
    from keystream._session import audited

    process, running, ending = os.getpid(), None, None
    try:
        with (
            delivery.program_output(),
            audited(arguments.program, files, window, arguments.include_libraries) as running,
        ):
            running.on_report = delivery.deliver if _early(window) else delivery.hold
            ending = _run_beside(running, arguments, window, delivery)
    except NoProgramError as error:
        raise UsageError(str(error), fix="keystream audit -m package.module") from error
    except KeystreamError as error:
        if running is None or running.audit.report is None:
            raise
        delivery.failed(error)
    assert running is not None
    assert ending is not None
    if os.getpid() != process:
        return (
            ending.code
        )  # a child that the program forked has come here; the report is not its own
    if running.audit.refused is not None:
        raise running.audit.refused
    if running.saved_in is not None:
        delivery.record_in(running.saved_in)
    delivery.finish()
    if delivery.failures:
        return COULD_NOT_RUN
    assert running.audit.report is not None
    return ending.code or exit_code(running.audit.report, arguments)


def exit_code(report: Report, arguments: argparse.Namespace) -> int:
    """That of the report; 2 where the step that the audit should begin with never came."""
    missed = arguments.from_step is not None and "unjudged" in report.summary
    return report.exit_code or (COULD_NOT_RUN if missed else 0)


def _early(window: Window) -> bool:
    return window.steps is not None or window.seconds is not None or window.until_finding


def _run_beside(
    running: Running, arguments: argparse.Namespace, window: Window, delivery: Delivery
) -> Ending:
    """Run the program, with a keeper and handlers of signals beside it."""
    from keystream._audit.run import run_module, run_script, show
    from keystream._cli.status import StatusLine
    from keystream._session.keeper import Keeper
    from keystream._session.signals import Stopping

    def report(signal: int) -> None:
        running.on_report = delivery.deliver
        running.stop(signal)
        if running.saved_in is not None:
            delivery.record_in(running.saved_in)
        delivery.finish()

    stopping, status = Stopping(report), StatusLine(sys.stderr)
    looks = arguments.record is not None or window.until_finding or status.wanted
    keeper = Keeper(running, looks=looks, show=status.show, hear=stopping.hear)
    with status.beside_output(), keeper, stopping.installed(keeper):
        start = run_module if arguments.module else run_script
        ending = start(arguments.program, arguments.arguments)
        running.opening.recording.error = ending.error
        if running.audit.refused is None and ending.error is not None:
            show(ending.error)
    return ending
