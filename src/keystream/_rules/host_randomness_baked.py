"""Host randomness or a clock inside a compiled function.

## What it does

Finds calls of NumPy's or Python's randomness, or of a clock, inside a compiled function.

## Why it matters

The call runs once, while JAX traces. Every later call repeats the same numbers.

## Example

```python
import jax
import numpy as np


@jax.jit
def noisy(x):
    return x + np.random.normal(size=3)


noisy(jax.numpy.zeros(3))
```

## Use instead

```python
import jax


@jax.jit
def noisy(x, key):
    return x + jax.random.normal(key, x.shape)


noisy(jax.numpy.zeros(3), jax.random.key(0))
```

## Limits

A call inside a library that it does not know is not read; the audit sees it in a run.

## Fix safety

There is no automatic repair.

## Sources

`jax.jit`, jax 0.12.0.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding
from keystream._lint.places import distinct, nearest_in

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error"
EVIDENCE = ("host",)
MISTAKE = "the host's randomness, or a key, frozen into a compiled function"


def read(module: Module) -> Iterator[Finding]:
    """Host randomness or a clock inside a compiled function."""
    for fact in module.seen("host_in_jit"):
        around = fact.data["around"]
        name = fact.data["name"].replace("numpy.", "np.", 1)
        clock = name.startswith(("time.", "datetime."))
        site = nearest_in(around.path, fact.chain)
        yield finding(
            "KS501",
            "error",
            site,
            message=f"{name}() is called inside "
            + (
                f"the function that is compiled at line {around.line}"
                if fact.data["compiled"]
                else f"the loop of JAX at line {around.line}"
            ),
            why=(
                "the clock is read once, while JAX traces, and its value is frozen into the program"
                if clock
                else "it runs once, while JAX traces: every later call repeats the same numbers"
            ),
            fix="draw with JAX, from a key that is an argument:\n"
            "noise = jax.random.normal(key, x.shape)"
            if not clock
            else "read the clock outside and pass the value in",
            related=() if site is fact.site else (fact.site.location("the call"),),
            inner=distinct(site, (each.location() for each in fact.chain[::-1])),
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS501 that the evidence of a run shows."""
    for found in verdicts(recording, "KS501"):
        yield found.finding(
            f"{found.facts['name']} ran while JAX traced the function",
            why="it ran once: every call of the compiled function uses the same number",
            fix="draw with JAX, from a key that is an argument:\njax.random.normal(key, shape)",
        )
