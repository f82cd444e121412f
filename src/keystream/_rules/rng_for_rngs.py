"""`rng=` where Flax takes `rngs=`.

## What it does

Finds `rng=` in a call of `init`, `apply` or the like. Lint reads the keyword; the audit reads the
error that ends the program.

## Why it matters

Flax hands every keyword it does not know to the module's `__call__`. Where that has no such
parameter, the program fails; the streams are not served in any case.

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
y = model.apply(variables, x, train=True, rng={"dropout": dropout_key})
```

```text
TypeError: Net.__call__() got an unexpected keyword argument 'rng'
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

Lint is silent where the module's `__call__` takes `rng` or `**kwargs`.

## Fix safety

Safe: `rng=` becomes `rngs=`. The program failed before, so no drawn bit changes.

## Sources

`flax.linen.Module.apply`, flax 0.12.12.
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
MISTAKE = "`rng=` where `rngs=` is meant"


def read(module: Module) -> Iterator[Finding]:
    """`rng=` where Flax takes `rngs=`."""
    for fact in module.seen("rng_keyword"):
        yield finding(
            "KS406",
            "error",
            fact.site,
            message=f"{fact.data['method']} is given rng=, the keyword is rngs=",
            why="Flax hands rng= on to __call__, which does not know it, and no stream is served",
            fix=f"write rngs=:\nmodel.{fact.data['method']}"
            '(variables, x, rngs={"dropout": dropout_key})',
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS406 that the evidence of a run shows."""
    for found in verdicts(recording, "KS406"):
        name = found.facts["name"]
        yield found.finding(
            f"the keyword {name} is not taken: {found.facts['text']}",
            why="Flax takes its streams as rngs, a dictionary; any other keyword goes to the "
            "module",
            fix="model.apply(variables, x, rngs={'dropout': key})",
        )
