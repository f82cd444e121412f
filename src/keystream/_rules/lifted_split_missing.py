"""A lifted loop or batch of layers that splits the params stream and no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.draws import streams_drawn
from keystream._lint.module import Module, finding
from keystream._lint.values import Mapping, Value, constant_of

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """A lifted loop or batch of layers that splits the params stream and no other."""
    for fact in module.seen("lifted", tests=False):
        flags, kind = fact.data["flags"], fact.data["kind"]
        alone = fact.site.path.endswith(".ipynb")  # cells that show what a flag does
        if flags.get("params") is False and not alone and _own_params(fact.data["axes"]):
            yield finding(
                "KS305",
                "warning",
                fact.site,
                message=f"nn.{kind} gives each layer its own params but does not split 'params'",
                why="all layers begin with the same weights",
                fix='split it:\nsplit_rngs={"params": True}',
                stream="params",
            )
        if flags.get("params") is not True or not fact.data["complete"]:
            continue
        drawn = streams_drawn(fact.data["target"])
        shared = [name for name, split in flags.items() if split is False and name != "params"]
        wrong = [name for name in shared if drawn is None or name in drawn]
        missing = [name for name in (drawn or ()) if name not in flags and name != "params"]
        for name in [*wrong, *missing][:1]:
            said = (
                f"does not split the stream {name!r}"
                if name in flags
                else f"leaves out the stream {name!r}"
            )
            yield finding(
                "KS305",
                "warning",
                fact.site,
                message=f"nn.{kind} splits 'params' but {said}",
                why="all layers drop the same units"
                if name in flags
                else "the layers inside are not served from it",
                fix=f'split it too:\nsplit_rngs={{"params": True, "{name}": True}}',
                stream=name,
            )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS305 that the evidence of a run shows."""
    for found in verdicts(recording, "KS305"):
        stream = found.stream or "params"
        yield found.finding(
            f"stream {stream} is not split by the lifted transform, so its members draw the same",
            why="layers or heads with parameters of their own get one mask, or begin with the "
            "same weights",
            fix=f"split the stream:\nsplit_rngs={{{stream!r}: True}}",
        )


def _own_params(axes: Value | None) -> bool:
    """Whether each layer has params of its own."""
    return isinstance(axes, Mapping) and isinstance(constant_of(axes.items.get("params")), int)
