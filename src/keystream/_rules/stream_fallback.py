"""A stream that Flax serves from params because it was not given.

## What it does

Finds a module that draws from a stream which the call was not given, while `params` was. Lint
follows the call into the module; the audit observes which stream served. `ks.linen.guard()` raises
this code as an error.

## Why it matters

Flax says nothing: dropout then draws from keys that are tied to the initial weights, and the same
`params` key gives the same masks in every step.

## Example

```python
import flax.linen as nn
import jax


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        return nn.Dropout(0.5, deterministic=not train)(nn.Dense(8)(x))


model, x = Net(), jax.numpy.ones((2, 3))
params_key, dropout_key = jax.random.split(jax.random.key(0))
variables = model.init(params_key, x, train=False)
y = model.apply(variables, x, train=True, rngs={"params": dropout_key})
```

## Use instead

```python
import flax.linen as nn
import jax


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        return nn.Dropout(0.5, deterministic=not train)(nn.Dense(8)(x))


model, x = Net(), jax.numpy.ones((2, 3))
params_key, dropout_key = jax.random.split(jax.random.key(0))
variables = model.init(params_key, x, train=False)
y = model.apply(variables, x, train=True, rngs={"dropout": dropout_key})
```

## Limits

Lint sees calls of which it knows the module and all streams; a dictionary built elsewhere is left
alone. The audit sees it where the call runs. In `init` with a single key it is KS404, under a
similar name KS407.

## Fix safety

There is no automatic repair.

## Sources

`flax.linen.Module.make_rng`, flax 0.12.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.draws import nearest
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning"
EVIDENCE = ("frameworks",)
MISTAKE = "a stream that was not given: served from another, or refused"


def read(module: Module) -> Iterator[Finding]:
    """A stream that Flax serves from params because it was not given."""
    for fact in module.seen("stream_fallback"):
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
