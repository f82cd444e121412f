"""A generator of NumPy or Python that each turn of a loop makes again of one seed.

## What it does

Finds `numpy.random.default_rng(seed)`, `RandomState(seed)`, `random.Random(seed)`,
`numpy.random.seed(seed)` and `random.seed(seed)` with one seed in each turn of a loop, where the turn
draws from it; also in a function that the loop calls, in what it goes over, in threads or in a pool. The
audit compares the states in which generators begin, in threads and worker processes too; where it
can't, it reads the source that ran. It also finds forked processes that draw from one generator of
their parent.

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
A loop over settings that stand in source, each of which begins at the same seed, is a note. The audit
compares generators that one line makes; it does not see draws that NumPy's own code makes of one, nor
generators that are pickled to a process.

## Fix safety

There is no automatic repair.

## Sources

`numpy.random.default_rng`, NumPy 2.5.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.flow import Meeting
from keystream._evidence.loops import Turn
from keystream._evidence.pairs import Pair
from keystream._evidence.uses import FORK
from keystream._findings import Finding, Severity
from keystream._lint.module import Module, finding
from keystream._lint.places import inner

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "warning, note"
EVIDENCE = ("host", "source")
MISTAKE = "a generator of NumPy that begins at its seed again and again"

FROM_SOURCE = True  # what draws within NumPy's own code is seen in source alone


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


RANK = 10


def begins(pair: Pair) -> Severity:
    """Two generators that began at one seed; a note where nothing shows that they should differ."""
    if pair.parted is not None:
        return _parted(pair)
    if pair.turn is not None:
        return _in_loop(pair, pair.turn)
    # A library, a thread or a process called the function again: with arguments, for each of several.
    apart = pair.one_stack and pair.entered_with_arguments
    return "warning" if apart and not (pair.rounds or pair.looks or pair.whole_run) else "note"


def _in_loop(pair: Pair, turn: Turn) -> Severity:
    looks = turn.settings or turn.state or pair.watches
    runs = pair.element_seeded or pair.whole_run
    if pair.rounds or not pair.feeds or (not turn.carried and (looks or runs)):
        return "note"
    return "warning"


def _parted(pair: Pair) -> Severity:
    """Two calls, of which the later goes on with what the earlier gave."""
    fed = pair.meeting is Meeting.FED and len(set(pair.seeds)) == 1
    return "warning" if fed and not (pair.settings_differ or pair.overwritten) else "note"


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS504 that the evidence of a run shows."""
    for found in verdicts(recording, "KS504"):
        pair = found.facts["pair"]
        maker = found.facts["makers"][-1]
        if maker.startswith(FORK):
            yield found.finding(
                f"forked processes go on from one state of {maker.removeprefix(FORK)}",
                why="each of them has a copy of the generator, so what should differ is equal",
                fix=_FIX_OF_SEVERAL,
            )
            continue
        several = pair.turn is None and pair.one_stack
        where = " in each turn of a loop" if pair.turn else ""
        if pair.turn:
            found.related += (replace(pair.turn.line, message="the loop"),)
        yield found.finding(
            f"{maker}() begins at one seed again{', in each of several calls' if several else where}",
            why="the generator gives the same numbers again, so what should differ is equal",
            fix=_FIX_OF_SEVERAL
            if several
            else "make the generator once, before what repeats, and hand it on:\n"
            "rng = np.random.default_rng(seed)",
        )


_FIX_OF_SEVERAL = (
    "give each a number, and make its generator of that:\n"
    "rng = np.random.default_rng([seed, number])"
)
