"""The demonstration as text and as JSON. The text is the same on a terminal and in a pipe."""

from __future__ import annotations

import platform
import textwrap
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from keystream._address import section_of
from keystream._demo.proof import Run
from keystream._demo.twin import Twin
from keystream._findings import Report, as_json
from keystream._report import render
from keystream._version import __version__

DRAWS = {
    "params": "initial weights",
    "noise": "Gaussian noise added to the pixels",
    "mask": "which pixels are hidden",
    "dropout": "which activations are dropped",
    "drop_path": "which residual branches are dropped (stochastic depth)",
    "shuffle": "the order of the training images, anew in each epoch",
}
_PACKAGES = ("jax", "flax", "optax", "scikit-learn", "numpy")
_SHOWN = 16  # hexadecimal digits of a digest; JSON has all 64


def introduction(epochs: int) -> str:
    """What will be done, and what draws."""
    count = "one epoch" if epochs == 1 else f"{epochs} epochs"
    lines = [
        f"Training a classifier of handwritten digits in {count}: 1437 images of 8 x 8",
        "pixels to learn from, 360 to be tested on. Then training it again, to see what",
        "decides the outcome. Everything random in it draws from a stream of its own:",
        "",
        *(f"  {stream:<9}  {draws}" for stream, draws in DRAWS.items()),
    ]
    return "\n".join(lines)


def table(run: Run) -> str:
    """A row an epoch."""
    rows = ["epoch    loss  training accuracy  test accuracy"]
    for number, epoch in enumerate(run.epochs, run.plan.begins_after + 1):
        rows.append(f"{number:5d}  {epoch.loss:6.4f}  {epoch.train:17.4f}  {epoch.test:13.4f}")
    return "\n".join(rows)


def outcome(runs: Sequence[Run], picture: Path | None, needed: float | None) -> str:
    """What the training came to, and the proof: the digests side by side.

    Args:
        runs: those of the demonstration.
        picture: where the learning curves are; None for nowhere.
        needed: what the first run's test accuracy had to be above; None for anything.
    """
    lines = [_accuracy(runs[0].epochs[-1].test, needed)]
    if picture is not None:
        lines.append(f"Learning curves: {picture}")
    lines += ["", "The parameters at the end, as the first digits of their SHA-256:", ""]
    width = max(len(run.plan.title) for run in runs)
    for run in runs:
        row = f"  {run.plan.title:<{width}}  {run.digest[:_SHOWN]}  {_relation(run, runs[0])}"
        lines.append(row.rstrip())
    lines += ["", _verdict(runs)]
    return "\n".join(lines)


def _accuracy(test: float, needed: float | None) -> str:
    if needed is None:
        return f"Test accuracy {test:.4f}."
    if test > needed:
        return f"Test accuracy {test:.4f}, above the {needed} that it had to reach."
    return f"Test accuracy {test:.4f}, TOO LOW: it had to be above {needed}."


def _relation(run: Run, first: Run) -> str:
    if run is first:
        return ""
    relation = "the same" if run.digest == first.digest else "another"
    return relation if run.as_planned else f"{relation}, WRONG"


def _verdict(runs: Sequence[Run]) -> str:
    if all(run.as_planned for run in runs):
        return "Reproducible: one seed, one set of parameters, to the last bit."
    return "NOT REPRODUCIBLE: a line above is marked WRONG."


def audited(runs: Sequence[Run]) -> str:
    """What the audit says of the first run, and what it cost: the second went without."""
    report = runs[0].report
    if report is None:
        return "Not audited: this version of JAX can't be looked into (keystream rule KS011)."
    name = runs[0].plan.title
    if report.findings:
        return f"NOT CLEAN: the audit of the training from {name} found\n\n{render(report, 'text')}"
    return textwrap.fill(" ".join(_clean(report, name, runs)), 80)


def _clean(report: Report, name: str, runs: Sequence[Run]) -> list[str]:
    draws, keys = report.summary["draws"], report.summary["unique_keys"]
    sentences = [
        f"The training from {name} was audited while it ran: nothing found.",
        f"{draws} draws from {keys} distinct keys{_streams(report.summary['streams'])}.",
    ]
    costs = [run.epoch_seconds for run in runs[:2] if run.epoch_seconds]
    if len(costs) == 2:
        audited, alone = (f"{1000 * seconds:.0f} ms" for seconds in costs)
        sentences.append(
            f"After the first, an epoch took {audited}; again, without the audit, {alone}."
        )
    return sentences


def _streams(named: Sequence[str]) -> str:
    """Where the draws came from, by the names of the streams."""
    return f": from {_all(named)}" if named else ""


def _all(names: Sequence[str]) -> str:
    *some, last = names
    return f"{', '.join(some)} and {last}" if some else last


BROKEN = """\
For comparison: digits_broken.py reads the same digits with keys made by hand,
and with three mistakes. It shows no more of them than this:"""


def broken(twin: Twin) -> str:
    """What the twin printed, and what the audit says of it."""
    printed = textwrap.indent(twin.printed, "  ")
    return (
        f"{printed}\nWhat `keystream audit` says of it:\n\n{render(twin.report, 'text')}".rstrip()
    )


def leading() -> str:
    """Where the demonstration leads: a page, and the next command."""
    return (
        f"Read:  {section_of('audit.md')}, what the audit sees and what it does not\n"
        "Next:  keystream audit train.py, with a program of yours"
    )


def to_json(runs: Sequence[Run], picture: Path | None, twin: Twin | None) -> dict[str, Any]:
    """The same as values that `json` writes."""
    return {
        "seed": runs[0].plan.seed,
        "epochs": len(runs[0].epochs),
        "test_accuracy": runs[0].epochs[-1].test,
        "reproducible": all(run.as_planned for run in runs),
        "picture": None if picture is None else str(picture),
        "runs": [_run(run, runs[0]) for run in runs],
        "audit": runs[0].report and _audit(runs[0].report),
        "broken_twin": twin and _audit(twin.report),
        # Our own version is not looked up: a source tree on PYTHONPATH has no metadata.
        "versions": {"keystream": __version__, "python": platform.python_version()}
        | {package: version(package) for package in _PACKAGES},
    }


def _run(run: Run, first: Run) -> dict[str, Any]:
    return {
        "title": run.plan.title,
        "seed": run.plan.seed,
        "begins_after": run.plan.begins_after,
        "parameters_sha256": run.digest,
        "same_as_first": run.digest == first.digest,
        "as_planned": run.as_planned,
        "audited": run.report is not None,
        "epoch_seconds": run.epoch_seconds,
        "epochs": [epoch._asdict() for epoch in run.epochs],
    }


def _audit(report: Report) -> dict[str, Any]:
    return {
        "findings": [as_json(finding) for finding in report.findings],
        "summary": dict(report.summary),
    }
