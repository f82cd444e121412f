"""A dropout layer that is never told whether to draw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """A dropout layer that is never told whether to draw."""
    for fact in module.seen("mode_not_given", tests=False):
        layer, flag = fact.data["layer"], fact.data["where"]
        yield finding(
            "KS604",
            "error",
            fact.site,
            message=f"{layer} is given {flag}= neither when it is made nor when it is called",
            why="Flax raises an error here",
            fix=f"say it in the call:\n{layer}(rate)(x, {flag}=not train)",
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS604 that the evidence of a run shows."""
    for found in verdicts(recording, "KS604"):
        yield found.finding(
            f"nobody said whether the layer draws: {found.facts['text']}",
            why="a layer that differs in training and evaluation has to be told which it is",
            fix="layer(x, deterministic=not train)",
        )
