"""The demonstration as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from keystream._demo.proof import Run

_DRAWS = {
    "params": "initial weights",
    "noise": "Gaussian noise added to the pixels",
    "mask": "which pixels are hidden",
    "dropout": "which activations are dropped",
    "drop_path": "which residual branches are dropped (stochastic depth)",
    "shuffle": "the order of the training images, anew in each epoch",
}
_PACKAGES = ("keystream", "jax", "flax", "optax", "scikit-learn", "numpy")
_SHOWN = 16  # hexadecimal digits of a digest


def introduce(console: Console, epochs: int) -> None:
    """What will be done, and what draws."""
    console.print(
        "Training a classifier of handwritten digits: 1437 images of 8 x 8 pixels to\n"
        f"learn from, 360 to test with, epochs: {epochs}. What is random, stream by stream:\n"
    )
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for stream, draws in _DRAWS.items():
        table.add_row(f"  {stream}", draws)
    console.print(table, "")


def show_epochs(console: Console, run: Run) -> None:
    """The table of a run's epochs."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("epoch", "loss", "training accuracy", "test accuracy"):
        table.add_column(column, justify="right")
    for number, epoch in enumerate(run.epochs, run.plan.begins_after + 1):
        table.add_row(str(number), *(f"{value:.4f}" for value in epoch))
    console.print(table)


def show_proof(console: Console, runs: Sequence[Run], picture: Path | None) -> None:
    """The outcome, and the digests side by side."""
    first = runs[0]
    console.print(f"Test accuracy {first.epochs[-1].test:.4f}.")
    if picture:
        console.print("Learning curves:", str(picture), soft_wrap=True)
    console.print("\nWhat the training ended in, as the SHA-256 of its parameters:\n")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for run in runs:
        relation = "the same" if run.digest == first.digest else "another"
        verdict = "" if run is first else relation + ("" if run.as_planned else ", WRONG")
        table.add_row(f"  {run.plan.title}", run.digest[:_SHOWN], verdict)
    console.print(table)
    if all(run.as_planned for run in runs):
        console.print("\nReproducible: one seed, one set of parameters, to the last bit.")
    else:
        console.print("\nNOT REPRODUCIBLE: a line above is marked WRONG.")


def to_json(runs: Sequence[Run], picture: Path | None) -> dict[str, Any]:
    """The same as values that `json` writes."""
    return {
        "seed": runs[0].plan.seed,
        "test_accuracy": runs[0].epochs[-1].test,
        "reproducible": all(run.as_planned for run in runs),
        "picture": None if picture is None else str(picture),
        "runs": [
            {
                "title": run.plan.title,
                "seed": run.plan.seed,
                "begins_after": run.plan.begins_after,
                "parameters_sha256": run.digest,
                "same_as_first": run.digest == runs[0].digest,
                "epochs": [epoch._asdict() for epoch in run.epochs],
            }
            for run in runs
        ],
        "versions": {package: version(package) for package in _PACKAGES},
    }
