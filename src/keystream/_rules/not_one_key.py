"""Something else is given where one key belongs.

## What it does

Finds an error that JAX or a framework raises because a number, an array of several keys, or a key of
another shape was given as the key.

## Why it matters

`split(key, 1)` is an array of one key, not a key; a sampler takes one key and is mapped over several.
The error names the sampler or the loop, seldom the line that made the key.

## Example

```python
import jax

noise = jax.random.normal(42, (3,))
```

```text
TypeError: JAX encountered invalid PRNG key data: expected key_data to have ndim, shape, and dtype attributes. Got 42
```

## Use instead

```python
import jax

noise = jax.random.normal(jax.random.key(42), (3,))
```

## Limits

The audit reports the error of the run and no other; one that the program catches is not reported.
A key that is missing altogether, None, is KS405. Lint does not look for it.

## Fix safety

There is no automatic repair.

## Sources

`jax.random`, jax 0.12.0.1.
"""  # noqa: E501 (an error of JAX's, on one line)

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error"
EVIDENCE = ("errors",)
MISTAKE = "a key of the wrong kind: a number, or an array of another shape"


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS110 that the evidence of a run shows."""
    for found in verdicts(recording, "KS110"):
        yield found.finding(
            f"what is given is not one key: {found.facts['text']}",
            why="a sampler, and a loop that carries a key, take one key of one shape",
            fix="take keys apart, or map over them:\n"
            "key, sub = jax.random.split(key)\n"
            "jax.vmap(lambda key: jax.random.normal(key))(keys)",
        )
