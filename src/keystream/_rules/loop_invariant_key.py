"""A draw in a loop from a key that the loop does not change.

## What it does

Finds a draw in a loop from a key that the loop does not change. The audit finds it also where a gradient
is taken through a `scan`: JAX then draws once, before the loop, what is the same in all its turns.

## Why it matters

Every iteration draws the same numbers.

## Example

```python
import jax


def walk(key, x):
    def body(i, x):
        return x + jax.random.normal(key, x.shape)

    return jax.lax.fori_loop(0, 3, body, x)


walk(jax.random.key(0), jax.numpy.zeros(2))
```

## Use instead

```python
import jax


def walk(key, x):
    def body(i, x):
        return x + jax.random.normal(jax.random.fold_in(key, i), x.shape)

    return jax.lax.fori_loop(0, 3, body, x)


walk(jax.random.key(0), jax.numpy.zeros(2))
```

## Limits

A loop inside a function of a library that it does not know is not read.

## Fix safety

Unsafe: in a Python loop a key is split off in each turn, which changes what is drawn. The loops of
JAX are left to you.

## Sources

`jax.lax.fori_loop` and `jax.random.fold_in`, jax 0.12.0.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.figures import EVALUATES
from keystream._evidence.shared import Shared
from keystream._findings import Finding, Severity
from keystream._lint.module import Module, finding, key_name, used_by
from keystream._lint.places import inner
from keystream._lint.sharing import spelled_key

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning, note"
EVIDENCE = ("loops",)
MISTAKE = "the same draw in every step"


def read(module: Module) -> Iterator[Finding]:
    """A draw in a loop from a key that the loop does not change."""
    for mistake in module.of("KS203"):
        turn = mistake.repeat.turn
        _, second = used_by(mistake)
        drawn = mistake.repeat.second
        name = (
            f"{drawn.name} draws"
            if len(drawn.chain) > mistake.repeat.level + 1
            else f"{second} draws"
        )
        yield finding(
            "KS203",
            mistake.severity,
            mistake.site,
            message=f"{name} from {key_name(mistake)}, which the loop at line "
            f"{turn.line if turn else mistake.site.line} never changes",
            why=mistake.why("every iteration draws the same numbers"),
            fix="derive a key for each iteration: carry it and split it, or fold the counter:\n"
            f"step_key = jax.random.fold_in({spelled_key(mistake)}, i)",
            inner=inner(mistake),
        )


RANK = 50


def shares(shared: Shared) -> Severity | None:
    """One draw for all turns of a compiled loop."""
    if not shared.over_turns:
        return None
    if shared.measured and shared.invariant:
        return "note"
    trains = shared.differentiated and (shared.invariant or not shared.turns)
    return "error" if trains else "warning"


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS203 that the evidence of a run shows."""
    for found in verdicts(recording, "KS203"):
        site = found.facts["site"]
        many = f"its {site.loop} iterations" if site.loop > 0 else "all iterations"
        yield found.finding(
            f"{site.distribution or 'a draw'} in a compiled loop got one key for {many}",
            why=EVALUATES if found.severity == "note" else _UNCHANGED,
            fix="carry the key, or scan over keys:\nkeys = jax.random.split(key, length)",
        )


_UNCHANGED = (
    "the loop closes over its key or carries it unchanged, so each iteration draws the same numbers"
)
