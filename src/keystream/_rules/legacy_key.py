"""Keys made by `PRNGKey`: one note a file.

## What it does

Finds calls of `jax.random.PRNGKey`. Lint reads them in source, the audit sees those that run.

## Why it matters

A legacy key is an array of `uint32` like any other: it can be added to, cast, indexed or passed as
data, and JAX says nothing. A typed key refuses all that, and knows its implementation.

## Example

```python
import jax

key = jax.random.PRNGKey(0)
noise = jax.random.normal(key, (3,))
```

## Use instead

```python
import jax

key = jax.random.key(0)
noise = jax.random.normal(key, (3,))
```

## Limits

It is a matter of style: the numbers drawn are the same. Legacy keys made in another way, such as by
`jax.random.key_data`, are not named.

## Fix safety

Unsafe: `PRNGKey` becomes `key`. The draws are the same, but code that takes the key for an array
fails, and so does a checkpoint that stored it as one.

## Sources

`jax.random.PRNGKey` and `jax.random.key`, jax 0.12.0.1; JEP 9263, typed keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "note"
EVIDENCE = ("lineage",)


def read(module: Module) -> Iterator[Finding]:
    """Keys made by `PRNGKey`: one note a file."""
    made = list(module.seen("legacy"))
    if made:
        count = len(made)
        more = f" and {count - 1} more in this file" if count > 1 else ""
        yield finding(
            "KS105",
            "note",
            made[0].site,
            message=f"jax.random.PRNGKey makes a legacy uint32 key{more}",
            why="a legacy key is an array like any other: JAX can't tell it from data or check "
            "its reuse",
            fix="make a typed key:\nkey = jax.random.key(seed)",
            count=count,
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS105 that the evidence of a run shows."""
    for found in verdicts(recording, "KS105"):
        more = f" ({found.count} places)" if found.count > 1 else ""
        yield found.finding(
            f"jax.random.PRNGKey makes a key of plain numbers{more}",
            why="arithmetic on such a key, or its use as data, goes unnoticed",
            fix="make typed keys:\nkey = jax.random.key(seed)",
        )
