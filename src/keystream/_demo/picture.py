"""The learning curves as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from keystream._demo.proof import Epoch, Run

_COLOURS = (
    "#0072B2",
    "#D55E00",
)  # the first seed and the other; apart for colour-blind readers too


def draw(runs: Sequence[Run], path: Path) -> None:
    """Draw loss and accuracies of the runs that have a seed of their own.

    Args:
        runs: those of the demonstration.
        path: where to; its suffix decides the format.
    """
    figure = Figure(figsize=(9, 3.8), layout="constrained", dpi=150)
    figure.suptitle("keystream demo: handwritten digits, every draw named")
    axes: list[Axes] = list(figure.subplots(1, 2))
    by_seed = {run.plan.seed: run for run in reversed(runs) if not run.plan.begins_after}
    for run, colour in zip(reversed(by_seed.values()), _COLOURS, strict=False):
        name = f"seed {run.plan.seed}"
        _curve(axes[0], run.epochs, "loss", color=colour, label=name)
        _curve(axes[1], run.epochs, "test", color=colour, label=f"{name}, test")
        _curve(axes[1], run.epochs, "train", color=colour, label=f"{name}, training", ls=":")
    axes[0].set(title="training loss, with all its noise", ylabel="cross-entropy", ylim=(0, None))
    axes[1].set(title="accuracy, without noise")
    axes[1].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    for each in axes:
        each.set_xlabel("epoch")
        each.xaxis.set_major_locator(MaxNLocator(integer=True))
        each.grid(alpha=0.3)
        each.legend(fontsize=8)
    figure.savefig(path)


def _curve(axes: Axes, epochs: Sequence[Epoch], field: str, **style: Any) -> None:
    marker = "o" if len(epochs) == 1 else ""
    values = [getattr(epoch, field) for epoch in epochs]
    axes.plot(range(1, len(values) + 1), values, marker=marker, linewidth=1.6, **style)
