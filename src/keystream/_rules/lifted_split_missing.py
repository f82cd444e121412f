"""A lifted loop or batch of layers that splits the params stream and no other.

## What it does

Finds an `nn.scan` or `nn.vmap` whose layers have parameters of their own and share a stream that
they draw from, or that gives each layer parameters and does not split `params`. Lint reads
`split_rngs` and which streams the layers draw from; the audit sees the draws repeat.

## Why it matters

All layers drop the same units, or all begin with the same weights. The model trains, and is smaller
than it looks.

## Example

```python
import flax.linen as nn
import jax


class Block(nn.Module):
    @nn.compact
    def __call__(self, x, _):
        return nn.Dropout(0.5, deterministic=False)(nn.Dense(8)(x)), None


class Stack(nn.Module):
    @nn.compact
    def __call__(self, x):
        blocks = nn.scan(
            Block,
            variable_axes={"params": 0},
            split_rngs={"params": True, "dropout": False},
            length=4,
        )
        return blocks()(x, None)[0]


x = jax.numpy.ones((2, 8))
params_key, init_key, key = jax.random.split(jax.random.key(0), 3)
variables = Stack().init({"params": params_key, "dropout": init_key}, x)
y = Stack().apply(variables, x, rngs={"dropout": key})
```

## Use instead

```python
import flax.linen as nn
import jax


class Block(nn.Module):
    @nn.compact
    def __call__(self, x, _):
        return nn.Dropout(0.5, deterministic=False)(nn.Dense(8)(x)), None


class Stack(nn.Module):
    @nn.compact
    def __call__(self, x):
        blocks = nn.scan(
            Block,
            variable_axes={"params": 0},
            split_rngs={"params": True, "dropout": True},
            length=4,
        )
        return blocks()(x, None)[0]


x = jax.numpy.ones((2, 8))
params_key, init_key, key = jax.random.split(jax.random.key(0), 3)
variables = Stack().init({"params": params_key, "dropout": init_key}, x)
y = Stack().apply(variables, x, rngs={"dropout": key})
```

## Limits

Lint does not follow a `split_rngs` that is computed. A layer that shares its parameters too, as a
cell over time does, may share its masks: that is not reported. A stream that `split_rngs` leaves
out is not served inside at all; lint reports it, and in a run Flax raises an error.

## Fix safety

Unsafe: the stream is split too, which changes what is drawn.

## Sources

`flax.linen.scan` and `flax.linen.vmap`, flax 0.12.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.shared import Shared
from keystream._findings import Finding, Location, Severity
from keystream._lint.draws import streams_drawn
from keystream._lint.facts import Fact
from keystream._lint.module import Module, finding
from keystream._lint.places import distinct, of_shared
from keystream._lint.symbols import StreamKey, Value
from keystream._lint.values import Mapping, constant_of

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning"
EVIDENCE = ("loops", "frameworks")
MISTAKE = "layers under `nn.scan` or `nn.vmap` that share a stream"


def read(module: Module) -> Iterator[Finding]:
    """A lifted loop or batch of layers that splits the params stream and no other."""
    yield from _batches(module)
    for fact in module.seen("lifted"):
        flags, kind = fact.data["flags"], fact.data["kind"]
        if flags.get("params") is False and _own_params(fact.data["axes"]):
            yield finding(
                "KS305",
                "warning",
                fact.site,
                message=f"nn.{kind} gives each layer its own params but does not split 'params'",
                why="all layers begin with the same weights",
                fix='split it:\nsplit_rngs={"params": True}',
                stream="params",
                inner=_lines(fact, {}, ""),
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
                inner=_lines(fact, drawn or {}, name),
            )


def _batches(module: Module) -> Iterator[Finding]:
    """Batches that lift streams: `hk.vmap(split_rng=False)`, and `nn.vmap` over shared layers."""
    for fact in module.seen("shared"):
        mapped, use = fact.data["mapped"], fact.data["use"]
        if mapped.name == "haiku.vmap" and isinstance(use.key, StreamKey):
            yield finding(
                "KS305",
                "warning",
                fact.site,
                message="hk.vmap does not split the rng, and every lane draws from it: "
                f"{use.name} at line {use.chain[-1].line}",
                why="all members of the batch get one mask or noise",
                fix="split it:\nhk.vmap(f, split_rng=not hk.running_init())(x)",
                stream="rng",
                related=(use.chain[-1].location("the draw"),),
                inner=of_shared(fact, fact.site),
            )
    for fact in module.seen("lifted"):
        flags = fact.data["flags"]
        if fact.data["kind"] != "vmap" or flags.get("params") is not False:
            continue
        drawn = streams_drawn(fact.data["target"]) or {}
        wrong = [name for name, split in flags.items() if split is False and name in drawn]
        if wrong and not _own_params(fact.data["axes"]):
            yield finding(
                "KS305",
                "warning",
                fact.site,
                message=f"nn.vmap does not split the stream {wrong[0]!r}",
                why="all members of the batch drop the same units",
                fix=f'split it:\nsplit_rngs={{"params": False, "{wrong[0]}": True}}',
                stream=wrong[0],
                inner=_lines(fact, drawn, wrong[0]),
            )


def _lines(fact: Fact, drawn: dict[str, Location], stream: str) -> tuple[Location, ...]:
    """The lifted call, and the draw."""
    draws = [drawn[stream]] if stream in drawn else []
    return distinct(fact.site, [fact.data["lifted"].location(), *draws])


RANK = 10


def shares(shared: Shared) -> Severity | None:
    """Members of a lifted transform that draw alike, and have parameters of their own or sample."""
    if not shared.lifted or not (shared.over_batch or shared.over_turns):
        return None
    return "warning" if "declared_choices" in shared.at.flags else "error"


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS305 that the evidence of a run shows."""
    for found in verdicts(recording, "KS305"):
        stream = found.stream or "params"
        yield found.finding(
            f"stream {stream} is not split by the lifted transform, so its members draw the same",
            why="each step of the loop samples with the same numbers"
            if "declared_choices" in found.facts["site"].flags
            else "layers or heads with parameters of their own get one mask, or begin with the "
            "same weights",
            fix=f"split the stream:\nsplit_rngs={{{stream!r}: True}}",
        )


def _own_params(axes: Value | None) -> bool:
    """Whether each layer has params of its own."""
    return isinstance(axes, Mapping) and isinstance(constant_of(axes.items.get("params")), int)
