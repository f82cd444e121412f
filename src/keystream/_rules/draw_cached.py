"""A function that keeps its results, and draws from a state that it changes.

## What it does

Finds functions under `functools.lru_cache` or `functools.cache` that draw from a state which lives on:
a key in an attribute or an outer name that they split and put back, a generator of NumPy or Python, an
`nnx.Rngs`, an `hk.PRNGSequence`. The audit takes it from the source of what ran.

## Why it matters

A later call with equal arguments runs nothing. It gets the first call's numbers back: one batch of noise
for all steps.

## Example

```python
import functools

import jax


class Noise:
    def __init__(self, seed):
        self.key = jax.random.key(seed)

    @functools.lru_cache(maxsize=8)
    def draw(self, n):
        self.key, sub = jax.random.split(self.key)
        return jax.random.normal(sub, (n,))


noise = Noise(0)
for _ in range(3):
    noise.draw(4)
```

## Use instead

```python
import jax


class Noise:
    def __init__(self, seed):
        self.key = jax.random.key(seed)

    def draw(self, n):
        self.key, sub = jax.random.split(self.key)
        return jax.random.normal(sub, (n,))


noise = Noise(0)
for _ in range(3):
    noise.draw(4)
```

## Limits

A cached function that makes its key or generator itself, of constants or of what it is given, returns
the same anyway. One that takes nothing is a note: it may be meant to be made once. In a generator that
is handed to an object from elsewhere no draw is seen.

## Fix safety

There is no automatic repair.

## Sources

`functools.lru_cache`, the Python standard library.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from keystream._findings import Finding
from keystream._lint.module import Module, finding
from keystream._lint.places import distinct

SEVERITIES = "warning, note"
EVIDENCE = ("source",)
MISTAKE = "draws that a cache gives back to every later call"

FROM_SOURCE = True  # the audit sees the one draw that the first call makes


def read(module: Module) -> Iterator[Finding]:
    """A function that keeps its results, and draws from a state that it changes."""
    for fact in module.seen("draw_cached"):
        function, state, asked = (fact.data[name] for name in ("function", "state", "asked"))
        name = function.name.rpartition(".")[2]
        lines = (function.node.lineno, *(each.lineno for each in function.node.decorator_list))
        places = (replace(fact.site.location(), line=line, column=0) for line in lines)
        yield finding(
            "KS205",
            "warning" if asked else "note",
            fact.site,
            message=f"{name}() keeps its results, and draws from {state}, which lives on",
            why="a later call with equal arguments gets the numbers of the first, and draws none"
            + ("" if asked else "; it takes no argument, so it may be meant to be made once"),
            fix=f"take the cache away, or make the key of what {name}() is given",
            inner=distinct(fact.site, places),
        )
