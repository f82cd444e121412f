"""``keystream demo``: train a digits classifier whose every draw is named."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from keystream._extras import require
from keystream.errors import ValueOutOfRangeError

if TYPE_CHECKING:
    from keystream._demo.proof import Run

_EXTRAS = ("flax", "optax", "sklearn", "matplotlib")
_EPOCHS = 30  # of the program in `keystream._demo.digits`; --help must not import it to know
_MOST_EPOCHS = 10_000
_ACCURACY = 0.95
_FAILED = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = (
        "Exit code: 0 done; 1 a run could not be repeated, or test accuracy stayed below"
        f" {_ACCURACY} after {_EPOCHS} epochs or more; 2 it could not run."
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
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Train, show the epochs, and prove that the run can be repeated.

    Raises:
        KeystreamError: KS002, an argument is out of range; KS007, a library is missing.
    """
    picture: Path | None = None if arguments.no_picture else arguments.picture
    _check_epochs(arguments.epochs)
    if picture:
        _check_picture(picture)
    for module in _EXTRAS:
        require(module, extra="demo", purpose="keystream demo")
    from rich.console import Console

    from keystream._demo import digits, render

    digits.declare(arguments.seed)  # refuses a seed out of range before anything runs
    console = Console(highlight=False, quiet=arguments.json)
    render.introduce(console, arguments.epochs)
    runs = _train(arguments.seed, arguments.epochs)
    render.show_epochs(console, runs[0])
    if picture:
        from keystream._demo.picture import draw

        draw(runs, picture)
    render.show_proof(console, runs, picture)
    if arguments.json:
        print(json.dumps(render.to_json(runs, picture), indent=1))
    accurate = arguments.epochs < _EPOCHS or runs[0].epochs[-1].test > _ACCURACY
    return 0 if accurate and all(run.as_planned for run in runs) else _FAILED


def _train(seed: int, epochs: int) -> list[Run]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from keystream._demo import proof

    plans = proof.plans(seed, epochs)
    terminal = Console(stderr=True)
    # Transient, and nothing at all in a pipe or a file.
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    hidden = not terminal.is_terminal
    with Progress(*columns, console=terminal, transient=True, disable=hidden) as progress:
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


def _check_picture(path: Path) -> None:
    """Refuse a picture that can't be written before anything is trained."""
    what = ""
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        what = f"{str(path)!r} does not end in .png, .svg or .pdf"
    elif path.is_dir() or not path.parent.is_dir():
        what = f"{str(path)!r} is not a file in a folder that exists"
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        what = f"{str(path)!r} can't be written"
    if what:
        raise ValueOutOfRangeError(
            what,
            where="keystream demo --picture",
            why="the learning curves are drawn there once training is done",
            fix="keystream demo --picture curves.png, or --no-picture",
        )
