"""Two modules of one Linen model that Flax can't tell apart by their paths.

## What it does

Finds modules that drew from one key because their paths are the same letters, cut in other places.
The audit sees it by the value of the key and the paths of the modules.

## Why it matters

Flax hashes the names on a module's path one after the other, with nothing between them, and folds
the hash into the stream's key. `ab/c` and `a/bc` have one hash, so the two modules drop the same
units, or begin with the same weights.

## Example

```python
import flax.linen as nn
import jax


class Branch(nn.Module):
    layer: str

    @nn.compact
    def __call__(self, x):
        return nn.Dropout(0.5, deterministic=False, name=self.layer)(x)


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return Branch("c", name="ab")(x) + Branch("bc", name="a")(x)


x = jax.numpy.ones(8)
Net().apply({}, x, rngs={"dropout": jax.random.key(0)})
```

## Use instead

```python
import flax.linen as nn
import jax


class Branch(nn.Module):
    layer: str

    @nn.compact
    def __call__(self, x):
        return nn.Dropout(0.5, deterministic=False, name=self.layer)(x)


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return Branch("drop", name="left")(x) + Branch("drop", name="right")(x)


x = jax.numpy.ones(8)
Net().apply({}, x, rngs={"dropout": jax.random.key(0)})
```

## Limits

Lint does not see it: names are put together while the model runs. The audit sees it only where both
modules draw, and only for the names of that run.

## Fix safety

There is no automatic repair.

## Sources

`_fold_in_static` of flax/core/scope.py, and the flag `FLAX_FIX_RNG_SEPARATOR`, flax 0.12.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS104 that the evidence of a run shows."""
    for found in verdicts(recording, "KS104"):
        yield found.finding(
            f"two modules drew from one key; one of them is {found.module_path}",
            why="Flax hashes a module's path without separators, so ab/c and a/bc get one key",
            fix="rename one of the modules, or set FLAX_FIX_RNG_SEPARATOR=1",
        )
