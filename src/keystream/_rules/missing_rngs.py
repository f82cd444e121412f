"""A model run in training mode without the stream that it draws from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.draws import nearest
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """A model run in training mode without the stream that it draws from."""
    wrong = {fact.site.node for fact in module.seen("rng_keyword")}
    for fact in module.seen("missing_rngs", tests=False):
        stream, drawn = fact.data["stream"], fact.data["drawn"]
        if fact.site.node in wrong or nearest(stream, fact.data["given"]):
            continue
        yield finding(
            "KS405",
            "error",
            fact.site,
            message=f"{fact.data['kind']} is called without the stream {stream!r}, which line "
            f"{drawn.line} draws from",
            why="Flax raises InvalidRngError here",
            fix=f'give the stream:\nmodel.apply(variables, x, rngs={{"{stream}": {stream}_key}})',
            related=(drawn.location(f"the draw from {stream!r}"),),
            stream=stream,
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS405 that the evidence of a run shows."""
    for found in verdicts(recording, "KS405"):
        name = found.facts["name"]
        stream = f"stream {name}" if name else "a key"
        yield found.finding(
            f"{stream} is missing: {found.facts['text']}",
            why="a layer that draws was called without randomness to draw from",
            fix=f"model.apply(variables, x, rngs={{{name or 'dropout'!r}: key}})",
        )
