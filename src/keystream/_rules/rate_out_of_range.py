"""A rate that is no probability.

## What it does

Finds a dropout rate outside [0, 1].

## Why it matters

The layer returns zeros or values of the wrong sign, without a word.

## Example

```python
import jax
from flax import linen as nn

layer, x = nn.Dropout(20, deterministic=False), jax.numpy.ones(8)
y = layer.apply({}, x, rngs={"dropout": jax.random.key(0)})
```

## Use instead

```python
import jax
from flax import linen as nn

layer, x = nn.Dropout(0.2, deterministic=False), jax.numpy.ones(8)
y = layer.apply({}, x, rngs={"dropout": jax.random.key(0)})
```

## Limits

In source, only rates that are known numbers are judged. The audit sees the others in a run.

## Fix safety

Unsafe: a percentage becomes a rate, which changes what is drawn.

## Sources

`flax.linen.Dropout`, flax 0.12.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding, Location
from keystream._lint.module import Module, finding
from keystream._lint.places import of_chain

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning"
EVIDENCE = ("frameworks", "errors", "source")
MISTAKE = "a rate or probability outside [0, 1]"

FROM_SOURCE = True  # a keep probability given as a rate looks right to a run


def read(module: Module) -> Iterator[Finding]:
    """A rate that is no probability."""
    for fact in module.seen("rate"):
        rate = fact.data["rate"]
        percent = f"{rate / 100:g}" if 2 <= rate <= 100 else "0.1"
        yield finding(
            "KS603",
            "error",
            fact.site,
            message=f"the rate of {fact.data['layer']} is {rate}, outside [0, 1]",
            why="the layer returns zeros or values of the wrong sign, without a word",
            fix=f"give the probability of dropping:\nrate={percent}",
        )
    for fact in module.seen("keep_as_rate"):
        yield finding(
            "KS603",
            "warning",
            fact.site,
            message=f"{fact.data['layer']} takes the probability of dropping, and is given "
            f"{fact.data['text']}, by its name that of keeping",
            why="with a keep probability of 0.9, nine units in ten are dropped",
            fix="give the probability of dropping:\nrate = 1 - keep_prob",
            inner=of_chain(fact.site, fact.chain),
        )
    for fact in module.seen("mask_scaled"):
        text, line = fact.data["text"], getattr(fact.data["scaled"], "lineno", 0)
        yield finding(
            "KS603",
            "warning",
            fact.site,
            message=f"the mask keeps with probability {text}, but is scaled by the probability of "
            f"dropping at line {line}",
            why="the mean is changed: what is kept should be divided by the probability of keeping",
            fix="draw what is kept:\nmask = jax.random.bernoulli(key, 1 - rate, x.shape)\n"
            "x = jnp.where(mask, x / (1 - rate), 0)",
            related=(Location(fact.site.path, line, 0, fact.site.function, "the scale"),),
            inner=(Location(fact.site.path, line, 0, fact.site.function, "the scale"),),
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS603 that the evidence of a run shows."""
    for found in verdicts(recording, "KS603"):
        if "error" in found.facts:
            yield found.finding(
                f"a rate is not a probability: {found.facts['text']}",
                why="the layer refuses a rate outside [0, 1]",
                fix="pass a fraction: 0.2 for 20 percent",
            )
            continue
        value = found.facts["value"]
        yield found.finding(
            f"{found.facts['layer']} was given {value}; a probability is in [0, 1]"
            if value != 1.0
            else f"{found.facts['layer']} was given a rate of 1: everything is dropped",
            why="nothing checks it: values are kept with changed sign, all dropped, or all kept",
            fix="pass a fraction: 0.2 for 20 percent",
        )
