"""Two streams that are given one key.

## What it does

Finds two streams that are given one key.

## Why it matters

Flax does not fold a stream's name into its key, so the two draw the same numbers.

## Example

```python
import jax
from flax import linen as nn


class Noisy(nn.Module):
    @nn.compact
    def __call__(self, x):
        keep = jax.random.bernoulli(self.make_rng("mask"), 0.5, x.shape)
        noise = jax.random.normal(self.make_rng("noise"), x.shape)
        return keep * x + noise


x = jax.numpy.ones((2, 4))
key = jax.random.key(0)
y = Noisy().apply({}, x, rngs={"mask": key, "noise": key})
```

## Use instead

```python
import jax
from flax import linen as nn


class Noisy(nn.Module):
    @nn.compact
    def __call__(self, x):
        keep = jax.random.bernoulli(self.make_rng("mask"), 0.5, x.shape)
        noise = jax.random.normal(self.make_rng("noise"), x.shape)
        return keep * x + noise


x = jax.numpy.ones((2, 4))
mask_key, noise_key = jax.random.split(jax.random.key(0))
y = Noisy().apply({}, x, rngs={"mask": mask_key, "noise": noise_key})
```

## Limits

In source, keys that are equal only in value are not seen. For `init` with `params` it is a note.
Streams that are drawn from in different modules get different keys, for Flax folds in a module's
path: that is a warning, as only the layout of the model keeps the draws apart. So is a call whose
source does not show who draws.

## Fix safety

There is no automatic repair.

## Sources

`flax.linen.Module.make_rng`, flax 0.12.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.pairs import Pair
from keystream._findings import Finding, Severity
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning, note"
EVIDENCE = ("lineage", "frameworks")
MISTAKE = "two streams with one key, seed or id"


def read(module: Module) -> Iterator[Finding]:
    """Two streams that are given one key."""
    for fact in module.seen("twin_streams"):
        one, other = fact.data["names"]
        kind = fact.data["kind"]
        harmless = kind == "init" and "params" in (one, other)
        places = fact.data.get("places", {})
        here, there = places.get(one, set()), places.get(other, set())
        known = bool(here and there) and None not in here | there
        apart = known and not here & there
        yield finding(
            "KS403",
            _severity(kind, harmless=harmless, apart=apart, known=known),
            fact.site,
            message=f"the streams {one!r} and {other!r} are given the same key",
            why=_why(harmless=harmless, apart=apart),
            fix=f'give each stream its own:\nrngs={{"{one}": {one}_key, "{other}": {other}_key}}',
            stream=other,
        )


def _severity(kind: str, *, harmless: bool, apart: bool, known: bool) -> Severity:
    if harmless:
        return "note"
    return "error" if (known and not apart) or kind == "Rngs" else "warning"


def _why(*, harmless: bool, apart: bool) -> str:
    if harmless:
        return (
            "weights and first draws come from one key; what init draws is thrown away, "
            "the habit is not"
        )
    if apart:
        return (
            "Flax does not fold a stream's name into its key: only the paths of the modules that "
            "draw keep the numbers apart, and a module that draws from both has twins"
        )
    return "Flax does not fold a stream's name into its key, so the two draw the same numbers"


RANK = 25  # two keys of one seed are twins by what they are handed to


def holds(pair: Pair) -> Severity | None:
    """Draws of two streams from one key."""
    return "error" if pair.differ("stream") else None


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS403 that the evidence of a run shows."""
    for found in verdicts(recording, "KS403"):
        names = " and ".join(found.facts["streams"][:2])
        yield found.finding(
            f"streams {names} drew from one key",
            why="Flax does not fold a stream's name into its key, so one seed makes twin streams",
            fix="give each stream a key of its own:\nk1, k2 = jax.random.split(key)",
        )
