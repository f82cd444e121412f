"""Draws that the audit could not see, with the reasons and how many there were.

## What it does

Counts what a run did beyond the sight of the audit, so that a report without findings says how much
it rests on. It is a note, one a run.

## Why it matters

The audit computes the keys of a compiled call beside the call. Where that would repeat an effect,
or cost too much, it does not, and mistakes among those draws are not in its report.

## Example

```python
import jax
import numpy as np
from jax.experimental import io_callback


@jax.jit
def noisy(x):
    seed = io_callback(lambda: np.uint32(7), jax.ShapeDtypeStruct((), np.uint32))
    return x + jax.random.normal(jax.random.key(seed), x.shape)


y = noisy(jax.numpy.zeros(3))
```

## Use instead

```python
import jax


@jax.jit
def noisy(x, key):
    return x + jax.random.normal(key, x.shape)


y = noisy(jax.numpy.zeros(3), jax.random.key(7))
```

## Limits

The reasons, and what helps:

- *its key needs …, which has an effect*, or *runs on the host*: make the key, or its seed, outside
  of the function and pass it in.
- *its key comes out of a mutable array*: return the key from the function in place of storing it.
- *a program compiled ahead of time before the audit began*: compile it within the audit.
- *its key needs … of the data (costly)*: derive the key from a step or a counter, not from the
  data.
- *… can't be looked into*, *… has no key*: a stored program, or a kernel that draws by itself;
  audit the program that it was made from.
- *iterations of a loop beyond those that are kept*: nothing; the first ones were judged.
- *a draw of the program is not in its plan*, *the plan lists a draw whose key it does not compute*:
  the draws of a program were counted, and its plan is short. Report it, with the program.
- *the plan of a call failed*, *values could not be read*, *… is not observed*: a limit of the audit
  with the installed versions. Report it, with the reason.

## Fix safety

There is no automatic repair.

## Sources

`jax.experimental.io_callback` and `jax.stages.Compiled`, jax 0.12.0.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "warning, note"
EVIDENCE = ("unseen",)


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS902 that the evidence of a run shows."""
    for found in verdicts(recording, "KS902"):
        if "unexplained" in found.facts:
            number = found.facts["unexplained"]
            yield found.finding(
                f"{number} draw{'s' * (number != 1)} used a key that was drawn from before, and the "
                "audit can't tell why",
                why="a repetition that nothing explains may be a mistake of any kind",
                fix="look at the lines named here; keystream audit --show-excused tells of the others",
            )
            continue
        reasons = "; ".join(
            f"{reason} ({count})" for reason, count in found.facts["reasons"].items()
        )
        yield found.finding(
            f"not everything was seen: {reasons}",
            why="mistakes among what was not seen are not in this report",
            fix="keystream rule KS902 says what helps against each reason",
        )
