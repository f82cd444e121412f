"""Dropout that is on while the program evaluates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """Dropout that is on while the program evaluates."""
    if next(module.seen("flag_inverted"), None) is not None:
        return  # the flag itself is the mistake
    for fact in module.seen("draws_in_evaluation", tests=False):
        drawn = fact.data["drawn"]
        yield finding(
            "KS601",
            "warning",
            fact.site,
            message=f"{fact.site.function}() runs the model in training mode: "
            f"{fact.data['layer']} at line "
            f"{drawn.line} draws",
            why="the figures of the evaluation are those of a thinned network, and differ from "
            "call to call",
            fix="evaluate in evaluation mode:\nmodel.apply(variables, x, train=False)",
            related=(drawn.location("the draw"),),
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS601 that the evidence of a run shows."""
    for found in verdicts(recording, "KS601"):
        where = found.facts["place"].function
        yield found.finding(
            f"dropout drew in a call that evaluates ({where})",
            why="the measured accuracy is that of a model with units dropped at random",
            fix="switch dropout off: deterministic=True, model.eval() or "
            "eqx.nn.inference_mode(model)",
        )
