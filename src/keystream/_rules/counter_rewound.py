"""A counter folded into a key that begins again while the key stays.

## What it does

Finds a counter that goes back. Lint reads it in loops within loops: the inner counter is all that
tells the keys apart. The audit sees it where Flax counts the draws, as NNX does, and the counts
were restored or never returned.

## Why it matters

Every epoch draws what the first epoch drew: the same masks for the same batches, so the model sees
less noise than it seems to.

## Example

```python
import jax


def train(key, w, epochs, batches):
    for _ in range(epochs):
        for step, batch in enumerate(batches):
            step_key = jax.random.fold_in(key, step)
            w = w + batch * jax.random.normal(step_key, w.shape)
    return w


w = train(jax.random.key(0), jax.numpy.zeros(3), 2, [1.0, 2.0, 3.0])
```

## Use instead

```python
import jax


def train(key, w, epochs, batches):
    for epoch in range(epochs):
        epoch_key = jax.random.fold_in(key, epoch)
        for step, batch in enumerate(batches):
            step_key = jax.random.fold_in(epoch_key, step)
            w = w + batch * jax.random.normal(step_key, w.shape)
    return w


w = train(jax.random.key(0), jax.numpy.zeros(3), 2, [1.0, 2.0, 3.0])
```

## Limits

Lint does not see a counter that is reset by hand, nor one that a checkpoint brings back. Loops of a
few turns that are written out, such as `range(3)`, it names KS203. The audit names it KS201 where
the program folds by itself.

## Fix safety

There is no automatic repair.

## Sources

`jax.random.fold_in`, jax 0.12.0.1; `flax.nnx.RngStream`, flax 0.12.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.pairs import Pair
from keystream._findings import Finding, Location, Severity
from keystream._lint.module import Module, finding, key_name
from keystream._lint.places import distinct, inner

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "warning"
EVIDENCE = ("lineage",)
MISTAKE = "a counter of draws that goes back"


def read(module: Module) -> Iterator[Finding]:
    """A counter folded into a key that begins again while the key stays."""
    yield from _noise(module)
    for mistake in module.of("KS204"):
        turn = mistake.repeat.turn
        yield finding(
            "KS204",
            mistake.severity,
            mistake.site,
            message=f"the counter folded into {key_name(mistake)} begins again in each turn of "
            "the loop at line "
            f"{turn.line if turn else 0}",
            why=mistake.why("every epoch draws what the first epoch drew"),
            fix="fold both counters, or one that never goes back:\n"
            "key = jax.random.fold_in(jax.random.fold_in(root, epoch), step)",
            inner=inner(mistake),
        )


def _noise(module: Module) -> Iterator[Finding]:
    for fact in module.seen("noise_rewound"):
        made, turn = fact.data["made"], fact.data["turn"]
        yield finding(
            "KS204",
            "warning",
            fact.site,
            message="the optimiser's state is made anew in each turn of the loop at line "
            f"{turn.line}, and with it the key of its noise",
            why="the gradient noise of every turn is that of the first",
            fix="make the state once, and set back what shall be: the moments, not the key",
            related=(made.location("the noise"),),
            inner=distinct(
                fact.site,
                [
                    made.location(),
                    Location(fact.site.path, turn.line, 0, fact.site.function),
                    *(site.location() for site in fact.chain[::-1]),
                ],
            ),
        )


RANK = 90


def holds(pair: Pair) -> Severity | None:
    """Keys that a stream of NNX counted, in a sequence that began anew at one place."""
    return "warning" if pair.counted and pair.sequence and pair.one_place else None


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS204 that the evidence of a run shows."""
    for found in verdicts(recording, "KS204"):
        number = found.facts["keys"]
        keys = "one key was" if number == 1 else f"{number} keys were"
        yield found.finding(
            f"a counter of keys went back: {keys} drawn from again",
            why="the state that counts the draws was lost or restored, so masks repeat",
            fix="put back what shall be, and not the counters:\n"
            "saved = nnx.state(model, nnx.Param)   # then nnx.update(model, saved)"
            if found.facts.get("restored")
            else "let NNX carry the counters out of the compiled function:\n"
            "@nnx.jit   # in place of @jax.jit, with the model as an argument",
        )
