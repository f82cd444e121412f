"""A stream that Flax serves from params because it was not given."""

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
    """A stream that Flax serves from params because it was not given."""
    for fact in module.seen("stream_fallback", tests=False):
        stream, drawn = fact.data["stream"], fact.data["drawn"]
        if nearest(stream, fact.data["given"]):
            continue  # a misspelt name, KS407
        yield finding(
            "KS401",
            "error" if fact.data["kind"] == "apply" else "warning",
            fact.site,
            message=f"{fact.data['kind']} gets no stream {stream!r}, and Flax serves it from "
            "'params'",
            why=f"what line {drawn.line} draws is tied to the keys of the initial weights, "
            "without a word",
            fix=f'give the stream:\nrngs={{"params": params_key, "{stream}": {stream}_key}}',
            related=(drawn.location(f"the draw from {stream!r}"),),
            stream=stream,
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS401 that the evidence of a run shows."""
    for found in verdicts(recording, "KS401"):
        asked, served = found.facts["asked"], found.facts["served"]
        yield found.finding(
            f"stream {asked} was not given and was served from {served}",
            why="Flax says nothing: masks then share their root with the initial weights",
            fix=f"give the stream:\nmodel.apply(variables, x, rngs={{{asked!r}: key}})",
        )
