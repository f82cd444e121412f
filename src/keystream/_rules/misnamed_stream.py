"""A stream given under a name that resembles the one that is drawn from.

## What it does

Finds a stream that was given and never asked for, beside one that was asked for and not given,
where the two names are alike. Lint compares the names in source; the audit observes both in the
run.

## Why it matters

A stream is found by its exact name. The key under the other name is never used: Flax fails, or,
where `params` was given, serves the stream from there in silence.

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
rngs = {"params": params_key, "droput": dropout_key}
y = model.apply(variables, x, train=True, rngs=rngs)
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
rngs = {"params": params_key, "dropout": dropout_key}
y = model.apply(variables, x, train=True, rngs=rngs)
```

## Limits

Names that are not alike are KS401 or KS405. Where lint can't read the model, it knows only names
near `dropout` and `params`, and warns.

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
EVIDENCE = ("frameworks", "errors")
MISTAKE = "a stream given under another name"


def read(module: Module) -> Iterator[Finding]:
    """A stream given under a name that resembles the one that is drawn from."""
    for fact in module.seen("stream_fallback", "missing_rngs", "asked_stream"):
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
    for fact in module.seen("suspect_stream"):
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
