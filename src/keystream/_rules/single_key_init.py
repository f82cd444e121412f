"""A model with dropout initialised in training mode with a single key.

## What it does

Finds an `init` that gets one key without a name while the model draws from another stream as well.
Lint follows `init` into the model; the audit observes what was asked for.

## Why it matters

Flax takes the key as `params` and serves `dropout` from it, so nothing shows that the model needs a
second stream. The first `apply` then fails.

## Example

```python
import flax.linen as nn
import jax


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        return nn.Dropout(0.5, deterministic=not train)(nn.Dense(8)(x))


model, x = Net(), jax.numpy.ones((2, 3))
variables = model.init(jax.random.key(0), x, train=True)
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
variables = model.init({"params": params_key, "dropout": dropout_key}, x, train=True)
```

## Limits

The weights are right, and the masks of `init` are thrown away: the audit gives a note. Lint sees
models whose class it can read.

## Fix safety

There is no automatic repair.

## Sources

`flax.linen.Module.init`, flax 0.12.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "warning, note"
EVIDENCE = ("frameworks",)
MISTAKE = "a stream that was not given: served from another, or refused"


def read(module: Module) -> Iterator[Finding]:
    """A model with dropout initialised in training mode with a single key."""
    for fact in module.seen("single_key_init"):
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
            f"init was given a key for params only, so stream {asked} drew from that key too",
            why="what the model keeps of it changes with the seed of params, and with no other"
            if found.facts["kept"]
            else "init gives no hint that apply needs the stream as well",
            fix=f"model.init({{'params': k1, {asked!r}: k2}}, x)",
        )
