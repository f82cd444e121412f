"""One parent key that is both split and folded with small numbers.

## What it does

Finds a key that is split and also folded with small numbers.

## Why it matters

`split(key, n)[i]` equals `fold_in(key, i)`, so the folded keys meet the split ones.

## Example

```python
import jax

root = jax.random.key(0)
first, second = jax.random.split(root)
weights = jax.random.normal(first, (3,))
for step in range(3):
    noise = jax.random.normal(jax.random.fold_in(root, step), (3,))
```

## Use instead

```python
import jax

weights_key, steps_key = jax.random.split(jax.random.key(0))
weights = jax.random.normal(weights_key, (3,))
for step in range(3):
    noise = jax.random.normal(jax.random.fold_in(steps_key, step), (3,))
```

## Limits

In source, keys that are equal only in value are not seen.

## Fix safety

There is no automatic repair.

## Sources

`jax.random.split` and `jax.random.fold_in`, jax 0.12.0.1, partitionable Threefry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.pairs import Pair
from keystream._evidence.relation import Relation
from keystream._findings import Finding, Severity
from keystream._lint.module import Module, finding, key_name
from keystream._lint.places import inner

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning"
EVIDENCE = ("lineage",)
MISTAKE = "a child of `split` that is also a child of `fold_in`"


def read(module: Module) -> Iterator[Finding]:
    """One parent key that is both split and folded with small numbers."""
    for mistake in module.of("KS103"):
        folds = [site for kind, site in mistake.repeat.routes if kind == "fold"]
        if mistake.repeat.second.kind == "fold":
            folds = [mistake.repeat.second.chain[-1]]
        site = folds[0] if folds else mistake.site
        yield finding(
            "KS103",
            mistake.severity,
            site,
            message=f"{key_name(mistake)} comes from a key that is both split and folded with "
            "a counter "
            f"(lines {mistake.earlier.line} and {site.line})",
            why="split(key, n)[i] equals fold_in(key, i), so the folded keys meet the split ones",
            fix="split first, then fold a key of its own:\n"
            "key, step_root = jax.random.split(key)\nstep_key = jax.random.fold_in(step_root, "
            "step)",
            related=(mistake.earlier.location("the other derivation"),),
            inner=inner(mistake, site),
        )


RANK = 10  # proven by the law alone, whatever the two are used for


def holds(pair: Pair) -> Severity | None:
    """A child of a split that equals a child of a fold."""
    return "error" if pair.relation is Relation.ALIAS else None


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS103 that the evidence of a run shows."""
    for found in verdicts(recording, "KS103"):
        number = found.facts["data"][0] if found.facts["data"] else 0
        yield found.finding(
            f"fold_in({number}) of a key gave the same key as child {number} of its split",
            why="jax.random.split(key, n)[i] is jax.random.fold_in(key, i), so both uses draw "
            "the same numbers",
            fix="do one of both, or part the two uses first:\nfor_init, for_steps = "
            "jax.random.split(root)",
        )
