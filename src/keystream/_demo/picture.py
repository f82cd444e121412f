"""The learning curves as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from keystream._demo.proof import Epoch, Run

# The first seed and the other; Okabe and Ito chose them to be apart for colour-blind readers too.
_COLOURS = ("#0072B2", "#D55E00")


def draw(runs: Sequence[Run], path: Path) -> None:
    """Draw loss and accuracies of the runs that have a seed of their own.

    Args:
        runs: those of the demonstration.
        path: where to; its suffix decides the format.
    """
    figure = Figure(figsize=(9, 3.8), layout="constrained", dpi=150)
    figure.suptitle("Handwritten digits, every draw named (keystream demo)")
    axes: list[Axes] = list(figure.subplots(1, 2))
    by_seed = {run.plan.seed: run for run in reversed(runs) if not run.plan.begins_after}
    for run, colour in zip(reversed(by_seed.values()), _COLOURS, strict=False):
        name = f"seed {run.plan.seed}"
        _curve(axes[0], run.epochs, "loss", color=colour, label=name)
        _curve(axes[1], run.epochs, "test", color=colour, label=f"{name}, test")
        dotted = {"linestyle": ":", "markerfacecolor": "white"}
        _curve(axes[1], run.epochs, "train", color=colour, label=f"{name}, training", **dotted)
    axes[0].set(title="Training, with every draw", ylabel="loss (cross-entropy)")
    axes[0].set_ylim(0.0, 1.1 * max(epoch.loss for run in runs for epoch in run.epochs))
    axes[1].set(title="After each epoch, deterministic", ylabel="accuracy")
    axes[1].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
    for each in axes:
        each.set(xlabel="epoch", xlim=(0.5, len(runs[0].epochs) + 0.5))
        each.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
        each.grid(alpha=0.3)
        each.legend(fontsize=8)
    figure.savefig(path)


def _curve(axes: Axes, epochs: Sequence[Epoch], field: str, **style: Any) -> None:
    marker = "o" if len(epochs) == 1 else ""
    values = [getattr(epoch, field) for epoch in epochs]
    axes.plot(range(1, len(values) + 1), values, marker=marker, linewidth=1.6, **style)
