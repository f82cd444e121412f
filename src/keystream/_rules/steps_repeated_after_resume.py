"""A loop that goes on from a restored step with a key that begins anew.

## What it does

Finds a loop whose first step was restored while its chain of keys starts from the seed. Lint reads
it in source, and finds classes one of whose methods restores what the others go on with but for the key
that they split. The audit sees that a second run of a loop drew from the keys of the first, in one
program or, with `keystream audit --after run.parquet`, in the program that was recorded before.

## Why it matters

After a restart the steps draw what the first steps of the whole run drew: the same masks, noise and
order of the data again, while the loss goes on as if nothing had happened.

## Example

```python
import jax


def train(checkpoint, until):
    key = jax.random.key(0)
    w = checkpoint["w"]
    for _ in range(checkpoint["step"], until):
        key, step_key = jax.random.split(key)
        w = w + jax.random.normal(step_key, (3,))
    return {"w": w, "step": until}


checkpoint = train({"w": 0.0, "step": 0}, 3)
checkpoint = train(checkpoint, 6)
```

## Use instead

```python
import jax


def train(checkpoint, until):
    key = jax.random.key(0)
    w = checkpoint["w"]
    for step in range(checkpoint["step"], until):
        step_key = jax.random.fold_in(key, step)
        w = w + jax.random.normal(step_key, (3,))
    return {"w": w, "step": until}


checkpoint = train({"w": 0.0, "step": 0}, 3)
checkpoint = train(checkpoint, 6)
```

## Limits

Lint knows a restored step by its words, such as `restore`, `load` and `checkpoint`. The audit sees
two runs of a loop in one program, where the second restored what was saved (`numpy.load`, `pickle`,
Flax, Equinox, Orbax) or was handed the state of the first, and a run after the one whose record
`--after` names. A run that begins anew with the same seed is KS106.

Steps that were lost after the last checkpoint are done again with the keys they had, which is right.
With `--after` they are told from a mistake by the step that both runs give to `keystream.step`: another
step is an error. Without it, a run that repeats the end of the earlier one gets a note, one that
repeats its beginning a warning. Repeating what comes before the steps, such as initial values, is
neither.

## Fix safety

There is no automatic repair.

## Sources

`jax.random.fold_in`, jax 0.12.0.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.flow import Meeting
from keystream._evidence.pairs import Pair
from keystream._evidence.relation import Relation
from keystream._findings import Finding, Severity
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.judged import Judged
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning, note"
EVIDENCE = ("lineage", "source")
MISTAKE = "a resumed run that repeats its steps"


def read(module: Module) -> Iterator[Finding]:
    """A loop that goes on from a restored step with a key that begins anew."""
    for fact in module.seen("resumed"):
        yield finding(
            "KS202",
            "warning",
            fact.data["seed"] or fact.site,
            message="the loop goes on from a restored step, but its key starts from the seed again",
            why="after a restart the first steps draw what the first steps of the whole run drew",
            fix="fold the step into the key, so that it needs no saving:\n"
            "step_key = jax.random.fold_in(key, step)",
            related=(fact.site.location("the loop"),),
        )
    for fact in module.seen("key_not_restored"):
        key, restored, method = (fact.data[name] for name in ("key", "restored", "method"))
        yield finding(
            "KS202",
            "warning",
            fact.site,
            message=f"{method}() restores `{restored}`, and leaves `{key}` as the seed made it",
            why="after a restart the first steps draw what the first steps of the whole run drew",
            fix=f"save the key with the rest, and restore it:\n"
            f'saved["key"] = jax.random.key_data({key})\n'
            f'{key} = jax.random.wrap_key_data(saved["key"])',
        )


RANK = 30


def holds(pair: Pair) -> Severity | None:
    """A function that ran again with the state of its first run, and its keys from the beginning."""
    if pair.relation is not Relation.SAME_SEED or pair.overwritten or len(set(pair.seeds)) != 1:
        return None
    if pair.restored and not pair.direct:
        if pair.sequence or pair.one_way:
            return "error"
        if pair.feeds:  # an object that was made anew, and goes on with what was saved
            return "warning"
    handed_on = pair.parted is not None and pair.meeting is Meeting.FED
    begun = (
        pair.direct or pair.element_seeded
    )  # a run of its own, from a seed of the program's list
    return "warning" if handed_on and not begun else None


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS202 that the evidence of a run shows."""
    for found in verdicts(recording, "KS202"):
        if "record" in found.facts:
            yield _after(found)
            continue
        yield found.finding(
            f"a second run of the loop drew from the keys of the first again ({_counted(found)})",
            why="the chain of keys began anew, so the resumed steps repeat the randomness of "
            "earlier ones",
            fix=_FIX,
        )


def _counted(found: Judged) -> str:
    keys = found.facts["keys"]
    return f"{keys} key{'s' * (keys != 1)}"


_FIX = (
    "store the key with the state, or make it of the step:\n"
    "step_key = jax.random.fold_in(root, step)"
)


def _after(found: Judged) -> Finding:
    """A run that repeats the keys of an earlier one, whose record was given."""
    facts = found.facts
    what = " and ".join(facts["distributions"][:2]) or "a draw"
    keys = f"{facts['keys']} key{'s' * (facts['keys'] != 1)} of {facts['record']}"
    there = _span(facts["earlier"])
    if facts["how"] == "lost":
        return found.finding(
            f"{what} drew again from {keys}, of its last {there}",
            why="that is right where these steps are done again from a checkpoint before them, and "
            "else a mistake",
            fix="let both runs say their steps, and the audit can tell:\nkeystream.step(step)",
        )
    if facts["how"] == "elsewhere":
        return found.finding(
            f"{what} drew again from {keys}, which another place had drawn from at {there}",
            why="the two runs should be independent, and share their randomness",
            fix="give this run a seed of its own, or fold its name into the key:\n"
            "key = jax.random.fold_in(jax.random.key(seed), 1)",
        )
    return found.finding(
        f"{what} drew again from {keys}: {_span(facts['steps'])} repeat"
        f"{'s' * (facts['steps'][0] == facts['steps'][1])} its {there}",
        why="the chain of keys began anew, so the resumed steps repeat the randomness of earlier ones",
        fix=_FIX,
    )


def _span(steps: tuple[int, int]) -> str:
    first, last = steps
    return f"step {first}" if first == last else f"steps {first} to {last}"
