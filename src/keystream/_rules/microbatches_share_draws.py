"""Gradient accumulation with one key for all microbatches.

## What it does

Finds a loop over the microbatches of a step that draws from one key. Both readers know it by its
structure: gradients are taken inside the loop, which hands on their sum and trains nothing.

## Why it matters

The accumulated gradient sees one mask in place of one for each microbatch, so it is noisier than
that of the large batch it stands for.

## Example

```python
import jax
import jax.numpy as jnp


def loss(w, x, key):
    keep = jax.random.bernoulli(key, 0.5, x.shape)
    return jnp.mean(jnp.where(keep, x, 0.0) @ w)


def accumulate(w, microbatches, key):
    def add(total, x):
        return total + jax.grad(loss)(w, x, key), None

    return jax.lax.scan(add, jnp.zeros_like(w), microbatches)[0]


gradient = accumulate(jnp.ones(4), jnp.ones((3, 2, 4)), jax.random.key(0))
```

## Use instead

```python
import jax
import jax.numpy as jnp


def loss(w, x, key):
    keep = jax.random.bernoulli(key, 0.5, x.shape)
    return jnp.mean(jnp.where(keep, x, 0.0) @ w)


def accumulate(w, microbatches, key):
    def add(total, numbered):
        i, x = numbered
        return total + jax.grad(loss)(w, x, jax.random.fold_in(key, i)), None

    numbered = jnp.arange(len(microbatches)), microbatches
    return jax.lax.scan(add, jnp.zeros_like(w), numbered)[0]


gradient = accumulate(jnp.ones(4), jnp.ones((3, 2, 4)), jax.random.key(0))
```

## Limits

A Python loop over microbatches is KS201 in the audit, where each compiled call looks like a step.
In source, a loop that updates what it differentiates is a training loop, KS203 or KS201.

## Fix safety

Unsafe: in a Python loop a key is split off in each turn, which changes what is drawn. The loops of
JAX are left to you.

## Sources

`jax.lax.scan`, jax 0.12.0.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.shared import Shared
from keystream._findings import Finding, Severity
from keystream._lint.module import Module, finding, key_name
from keystream._lint.places import inner

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning"
EVIDENCE = ("loops",)
MISTAKE = "one key for all microbatches"


def read(module: Module) -> Iterator[Finding]:
    """Gradient accumulation with one key for all microbatches."""
    for mistake in module.of("KS304"):
        turn = mistake.repeat.turn
        yield finding(
            "KS304",
            mistake.severity,
            mistake.site,
            message=f"all microbatches of the loop at line {turn.line if turn else 0} draw from "
            f"{key_name(mistake)}",
            why=mistake.why(
                "the accumulated gradient sees one mask instead of one for each microbatch"
            ),
            fix="fold the microbatch into the key:\nmicro_key = jax.random.fold_in(step_key, i)",
            inner=inner(mistake),
        )


RANK = 40


def shares(shared: Shared) -> Severity | None:
    """One draw for all turns of a compiled loop that takes gradients and adds them up."""
    accumulated = shared.differentiated and shared.summed
    return "error" if shared.over_turns and accumulated else None


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS304 that the evidence of a run shows."""
    for found in verdicts(recording, "KS304"):
        what = found.facts["site"].distribution or "a draw"
        yield found.finding(
            f"{what} used one key for all microbatches of a step",
            why="accumulated gradients share one mask, so accumulation is not a larger batch",
            fix="fold in the number of the microbatch:\nkey = jax.random.fold_in(step_key, i)",
        )
