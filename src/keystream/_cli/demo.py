"""``keystream demo``: train a digits classifier whose every draw is named."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keystream._cli.output import columns, fitted
from keystream._extras import require
from keystream.errors import KeystreamError, ValueOutOfRangeError

if TYPE_CHECKING:
    from keystream._demo.proof import Run
    from keystream._demo.twin import Twin

_EXTRAS = ("flax", "optax", "sklearn")
_EPOCHS = 30  # of the program in `keystream._demo.digits`; --help must not import it to know
_MOST_EPOCHS = 10_000
_ACCURACY = 0.95
_FAILED = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = (
        "Exit code: 0 done; 1 a run could not be repeated, its audit found a mistake, or test accuracy"
        f" stayed below {_ACCURACY} after {_EPOCHS} epochs or more; 2 it could not run. What is found"
        " in the broken program at the end does not count."
    )
    parser.add_argument("--seed", type=int, default=0, help="of every stream (default: 0)")
    parser.add_argument(
        "--epochs", type=int, default=_EPOCHS, help=f"of each run (default: {_EPOCHS})"
    )
    parser.add_argument(
        "--picture",
        type=Path,
        default=Path("keystream-demo.png"),
        metavar="FILE",
        help="where the learning curves go: .png, .svg or .pdf (default: keystream-demo.png)",
    )
    parser.add_argument("--no-picture", action="store_true", help="draw none")
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="write the audit's report there, and that of the broken program beside it",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Train under the audit, show the epochs, prove that the run can be repeated, run a broken twin.

    Raises:
        KeystreamError: KS002, an argument is out of range, or a file can't be written; KS007, a
            library is missing.
    """
    picture: Path | None = None if arguments.no_picture else arguments.picture
    _check(arguments, picture)
    from keystream._demo import digits, render

    digits.declare(arguments.seed)  # refuses a seed out of range before anything runs
    if not arguments.json:
        _tell(render.introduction(arguments.epochs))
    runs = _train(arguments.seed, arguments.epochs)
    failure = None if picture is None else _draw(runs, picture)
    drawn = None if failure else picture
    needed = _ACCURACY if arguments.epochs >= _EPOCHS else None
    if not arguments.json:
        _tell(f"\n{render.table(runs[0])}\n\n{render.outcome(runs, drawn, needed)}")
        _tell(f"\n{render.audited(runs)}")
    twin = _twin(runs, shown=not arguments.json)
    if not arguments.json:
        _tell(f"\n{render.leading()}")
    else:
        _say(json.dumps(render.to_json(runs, drawn, twin), indent=1))
    if arguments.html and twin:
        _write_pages(arguments.html, runs, twin)
    if failure:  # only now: the outcome is not to be lost for a full disk
        raise failure
    accurate = needed is None or runs[0].epochs[-1].test > needed
    clean = not any(run.report and run.report.exit_code for run in runs)
    return 0 if accurate and clean and all(run.as_planned for run in runs) else _FAILED


def _check(arguments: argparse.Namespace, picture: Path | None) -> None:
    """Refuse what can't be done before anything is trained."""
    _check_epochs(arguments.epochs)
    if picture:
        _check_file(picture, _PICTURE)
    require(*_EXTRAS, *(("matplotlib",) if picture else ()), purpose="keystream demo")
    if arguments.html:
        _check_file(arguments.html, _PAGE)
        _check_file(_beside(arguments.html), _PAGE)
        require("jinja2", purpose="keystream demo --html")


def _tell(text: str) -> None:
    """Say what was written for 80 columns; a report of the audit fits the terminal by itself."""
    _say(fitted(text, columns()))


def _say(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    text = text.encode(encoding, "replace").decode(encoding)  # a report has arrows
    print(text, flush=True)  # the reader of a pipe has it before the training is done


def _train(seed: int, epochs: int) -> list[Run]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from keystream._demo import proof

    plans = proof.plans(seed, epochs)
    terminal = Console(stderr=True)
    if not terminal.is_terminal:  # nothing at all in a pipe or a file
        return list(proof.carry_out(plans, epochs, lambda plan, epoch: None))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=terminal, transient=True) as progress:
        total = sum(epochs - plan.begins_after for plan in plans)
        bar = progress.add_task("compiling", total=total)

        def on_epoch(plan: proof.Plan, epoch: proof.Epoch) -> None:
            shown = f"{plan.title} · test accuracy {epoch.test:.4f}"
            progress.update(bar, advance=1, description=shown)

        return list(proof.carry_out(plans, epochs, on_epoch))


def _check_epochs(epochs: int) -> None:
    if 1 <= epochs <= _MOST_EPOCHS:
        return
    raise ValueOutOfRangeError(
        f"epochs is {epochs}, but must be in [1, {_MOST_EPOCHS}]",
        where="keystream demo --epochs",
        why="every run is trained for that many passes over the images",
        fix=f"keystream demo --epochs {_EPOCHS}",
    )


@dataclass(frozen=True)
class _File:
    """A file that an option names, and what is told where it can't be written."""

    option: str
    endings: tuple[str, ...]
    why: str
    fix: str

    def unwritable(self, what: str) -> KeystreamError:
        where = f"keystream demo {self.option}"
        return ValueOutOfRangeError(what, where=where, why=self.why, fix=self.fix)


_PICTURE = _File(
    "--picture",
    (".png", ".svg", ".pdf"),
    "the learning curves are drawn there once training is done",
    "keystream demo --picture curves.png, or --no-picture",
)
_PAGE = _File(
    "--html",
    (".html", ".htm"),
    "the reports of the audits are written there, the second with -broken in its name",
    "keystream demo --html report.html",
)


def _check_file(path: Path, file: _File) -> None:
    """Refuse a file that can't be written before anything is trained."""
    what = ""
    if path.suffix.lower() not in file.endings:
        *some, last = file.endings
        what = f"{str(path)!r} does not end in {', '.join(some)} or {last}"
    elif path.is_dir() or not path.parent.is_dir():
        what = f"{str(path)!r} is not a file in a folder that exists"
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        what = f"{str(path)!r} can't be written"
    if what:
        raise file.unwritable(what)


def _draw(runs: list[Run], path: Path) -> KeystreamError | None:
    """Draw the learning curves; the error where that could not be foreseen to fail."""
    from keystream._demo.picture import draw

    try:
        draw(runs, path)
    except OSError as error:
        return _PICTURE.unwritable(f"{str(path)!r} can't be written: {error.strerror or error}")
    return None


def _twin(runs: list[Run], *, shown: bool) -> Twin | None:
    """Run the broken twin; None where this version of JAX can't be looked into."""
    from keystream._demo import render, twin

    if runs[0].report is None:
        return None
    if shown:
        _tell(f"\n{render.BROKEN}\n")
    done = twin.run()
    if shown:
        _say(render.broken(done))
    return done


def _write_pages(path: Path, runs: list[Run], twin: Twin) -> None:
    from keystream._report import render

    for file, report in ((path, runs[0].report), (_beside(path), twin.report)):
        if report is None:
            continue
        try:
            file.write_text(render(report, "html"), encoding="utf-8")
        except OSError as error:
            what = f"{str(file)!r} can't be written: {error.strerror or error}"
            raise _PAGE.unwritable(what) from error


def _beside(path: Path) -> Path:
    return path.with_stem(f"{path.stem}-broken")
