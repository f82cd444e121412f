"""A dropout layer that is never told whether to draw.

## What it does

Finds `nn.Dropout` that is given `deterministic` neither when it is made nor when it is called. Lint
reads both calls; the audit reads the error that ends the program, also of other layers and of
normalisation.

## Why it matters

Flax raises an error when the layer is called. To silence it with a constant is worse than the
error: dropout is then on in evaluation, or off in training.

## Example

```python
import flax.linen as nn
import jax

layer, x = nn.Dropout(0.5), jax.numpy.ones(8)
y = layer.apply({}, x, rngs={"dropout": jax.random.key(0)})
```

```text
ValueError: Parameter "deterministic" must be passed to the constructor or at call time.
```

## Use instead

```python
import flax.linen as nn
import jax

layer, x = nn.Dropout(0.5), jax.numpy.ones(8)
y = layer.apply({}, x, deterministic=False, rngs={"dropout": jax.random.key(0)})
```

## Limits

Lint is silent where the layer's arguments come from elsewhere, as in `nn.Dropout(**options)`.

## Fix safety

There is no automatic repair.

## Sources

`flax.linen.Dropout` and `flax.linen.merge_param`, flax 0.12.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error"
EVIDENCE = ("errors",)
MISTAKE = "dropout that is not told its mode"


def read(module: Module) -> Iterator[Finding]:
    """A dropout layer that is never told whether to draw."""
    for fact in module.seen("mode_not_given"):
        layer, flag = fact.data["layer"], fact.data["where"]
        yield finding(
            "KS604",
            "error",
            fact.site,
            message=f"{layer} is given {flag}= neither when it is made nor when it is called",
            why="Flax raises an error here",
            fix=f"say it in the call:\n{layer}(rate)(x, {flag}=not train)",
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS604 that the evidence of a run shows."""
    for found in verdicts(recording, "KS604"):
        yield found.finding(
            f"nobody said whether the layer draws: {found.facts['text']}",
            why="a layer that differs in training and evaluation has to be told which it is",
            fix="layer(x, deterministic=not train)",
        )
