"""A stream given under a name that resembles the one that is drawn from."""

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
    """A stream given under a name that resembles the one that is drawn from."""
    for fact in module.seen("stream_fallback", "missing_rngs", tests=False):
        stream = fact.data["stream"]
        given = nearest(stream, fact.data["given"])
        if not given:
            continue
        drawn = fact.data["drawn"]
        yield finding(
            "KS407",
            "error",
            fact.site,
            message=f"the stream is given as {given!r}, the model draws from {stream!r}",
            why="the key under the other name is never used; Flax fails, or serves the stream "
            "from 'params'",
            fix=f'write the name that the model uses:\nrngs={{"{stream}": {stream}_key}}',
            related=(drawn.location(f"the draw from {stream!r}"),),
            stream=stream,
        )
    for fact in module.seen("suspect_stream", tests=False):
        given, stream = fact.data["given"], fact.data["stream"]
        yield finding(
            "KS407",
            "warning",
            fact.site,
            message=f"a stream is named {given!r}, which resembles {stream!r}",
            why="a stream under a name that no module asks for is never used",
            fix=f'write the name that the model uses:\nrngs={{"{stream}": {stream}_key}}',
            stream=stream,
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS407 that the evidence of a run shows."""
    for found in verdicts(recording, "KS407"):
        name = found.facts.get("asked") or found.facts.get("name", "")
        twin = found.facts.get("twin")
        yield found.finding(
            f"stream {name} was asked for; given was {twin}"
            if twin
            else f"stream {name} was given under another name",
            why="a stream is found by its exact name",
            fix=f"rngs={{{name!r}: key}}",
        )
