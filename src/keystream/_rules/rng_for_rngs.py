"""`rng=` where Flax takes `rngs=`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """`rng=` where Flax takes `rngs=`."""
    for fact in module.seen("rng_keyword"):
        yield finding(
            "KS406",
            "error",
            fact.site,
            message=f"{fact.data['method']} is given rng=, the keyword is rngs=",
            why="Flax hands rng= on to __call__, which does not know it, and no stream is served",
            fix=f"write rngs=:\nmodel.{fact.data['method']}"
            '(variables, x, rngs={"dropout": dropout_key})',
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS406 that the evidence of a run shows."""
    for found in verdicts(recording, "KS406"):
        name = found.facts["name"]
        yield found.finding(
            f"the keyword {name} is not taken: {found.facts['text']}",
            why="Flax takes its streams as rngs, a dictionary; any other keyword goes to the "
            "module",
            fix="model.apply(variables, x, rngs={'dropout': key})",
        )
