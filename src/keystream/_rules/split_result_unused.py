"""A split whose keys nobody takes.

## What it does

Finds a call of `jax.random.split` whose result is thrown away.

## Why it matters

A split changes nothing in place. The old key goes on being used and repeats its draws.

## Example

```python
import jax

key = jax.random.key(0)
jax.random.split(key)
noise = jax.random.normal(key, (3,))
```

## Use instead

```python
import jax

key, noise_key = jax.random.split(jax.random.key(0))
noise = jax.random.normal(noise_key, (3,))
```

## Limits

A result that is given a name and never read is not found.

## Fix safety

Safe: the call is removed, which changes no drawn bit.

## Sources

`jax.random` and `jax.random.split`, jax 0.10.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from keystream._findings import Finding
from keystream._lint.module import Module, finding


def read(module: Module) -> Iterator[Finding]:
    """A split whose keys nobody takes."""
    for fact in module.seen("split_discarded"):
        yield finding(
            "KS107",
            "error",
            fact.site,
            message="the keys that jax.random.split returns are thrown away",
            why="split changes nothing in place: the old key goes on being used, and repeats "
            "its draws",
            fix="take what it returns:\nkey, subkey = jax.random.split(key)",
        )
