"""A generator of NumPy or Python that each turn of a loop makes again of one seed.

## What it does

Finds `numpy.random.default_rng(seed)`, `RandomState(seed)`, `random.Random(seed)`,
`numpy.random.seed(seed)` and `random.seed(seed)` with one seed in each turn of a loop, where the turn
draws from it; also in a function that the loop calls, in what it goes over, or in a pool. The audit
takes it from the source of the functions that ran.

## Why it matters

Each turn draws the same numbers: one order for all epochs, one crop for all images.

## Example

```python
import numpy as np


def augment(image):
    rng = np.random.default_rng(0)
    return np.roll(image, rng.integers(8), axis=1)


for image in np.zeros((3, 8, 8)):
    augment(image)
```

## Use instead

```python
import numpy as np


def augment(rng, image):
    return np.roll(image, rng.integers(8), axis=1)


rng = np.random.default_rng(0)
for image in np.zeros((3, 8, 8)):
    augment(rng, image)
```

## Limits

In source, a seed that comes from somewhere else is one seed only where nothing in the loop changes it.
A loop over settings that stand in source, each of which begins at the same seed, is a note.

## Fix safety

There is no automatic repair.

## Sources

`numpy.random.default_rng`, NumPy 2.5.5.
"""

from __future__ import annotations

from collections.abc import Iterator

from keystream._findings import Finding
from keystream._lint.module import Module, finding
from keystream._lint.places import inner

SEVERITIES = "warning, note"
EVIDENCE = ("source",)
MISTAKE = "a generator of NumPy that begins at its seed again and again"

FROM_SOURCE = True  # the audit looks at keys, and sees no draw of the host's generators


def read(module: Module) -> Iterator[Finding]:
    """A generator that each turn of a loop makes again of one seed."""
    for mistake in module.of("KS504"):
        turn, made = mistake.repeat.turn, mistake.seeds[-1]
        yield finding(
            "KS504",
            mistake.severity,
            mistake.site,
            message=f"{made.text}() begins at one seed again in each turn of the loop at line "
            f"{turn.line if turn else mistake.site.line}",
            why=mistake.why("every turn draws the same numbers, so what should differ is equal"),
            fix=f"make the generator once, before the loop:\nrng = {made.text}(seed)",
            related=(made.location("it is made here"),),
            inner=inner(mistake),
        )
