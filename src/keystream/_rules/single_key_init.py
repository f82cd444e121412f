"""A model with dropout initialised in training mode with a single key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """A model with dropout initialised in training mode with a single key."""
    for fact in module.seen("single_key_init", tests=False):
        stream, drawn = fact.data["stream"], fact.data["drawn"]
        yield finding(
            "KS404",
            "warning",
            fact.site,
            message=f"init gets a single key, but the model draws from {stream!r} at line "
            f"{drawn.line}",
            why=f"Flax serves {stream!r} from 'params' without a word; apply will then fail or "
            "differ",
            fix="name the streams:\n"
            f'model.init({{"params": params_key, "{stream}": {stream}_key}}, ...)',
            related=(drawn.location(f"the draw from {stream!r}"),),
            stream=stream,
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS404 that the evidence of a run shows."""
    for found in verdicts(recording, "KS404"):
        asked = found.facts["asked"]
        yield found.finding(
            f"init was given params alone, and stream {asked} was served from it",
            why="init gives no hint that apply needs the stream as well",
            fix=f"model.init({{'params': k1, {asked!r}: k2}}, x)",
        )
