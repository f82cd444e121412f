"""Two draws from one key, in one function or through the functions that it calls.

## What it does

Finds two draws, or two splits, of one key, also through functions of the same project.
The audit sees them by the value of the key.

## Why it matters

A key is a number, not a generator: equal keys give equal or dependent numbers where independent
ones are expected.

## Example

```python
import jax

key = jax.random.key(0)
weights = jax.random.normal(key, (3,))
noise = jax.random.uniform(key, (3,))
```

## Use instead

```python
import jax

weights_key, noise_key = jax.random.split(jax.random.key(0))
weights = jax.random.normal(weights_key, (3,))
noise = jax.random.uniform(noise_key, (3,))
```

## Limits

In source, keys that are equal only in value are not seen, nor functions of libraries that it does
not know. `jax.random.clone` is no use of a key.

## Fix safety

Unsafe: a key of its own is split off for the earlier use, which changes what is drawn.

## Sources

`jax.random` and `jax.random.split`, jax 0.12.0.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.judged import line
from keystream._audit.verdicts import verdicts
from keystream._evidence.pairs import Pair
from keystream._evidence.source import statement
from keystream._evidence.uses import Stack
from keystream._findings import Finding, Severity
from keystream._judge.wording import Given, given, with_keys
from keystream._lint.facts import Site, Turn
from keystream._lint.mistakes import Mistake
from keystream._lint.module import Module, finding, key_name, leaves, used_by
from keystream._lint.places import inner
from keystream._lint.turns import neighbours

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning, note"
EVIDENCE = ("lineage", "errors")
MISTAKE = "one key drawn from twice, or drawn from and split"


def read(module: Module) -> Iterator[Finding]:
    """Two draws from one key, in one function or through the functions that it calls."""
    for mistake in module.of("KS101"):
        site, earlier, turn = mistake.site, mistake.earlier, mistake.repeat.turn
        first, second = used_by(mistake)
        folds = neighbours(mistake.repeat)
        if folds and turn is not None:
            yield _meeting(mistake, folds, turn)
        elif turn is not None:
            yield finding(
                "KS101",
                mistake.severity,
                site,
                message=f"{second} gets {key_name(mistake)} again in each turn of the loop at "
                f"line {turn.line}",
                why=mistake.why(
                    "every turn draws the same numbers, so what should differ is equal"
                ),
                fix="split the key once and hand out one part a turn:\n"
                "keys = jax.random.split(key, n)   # then keys[i], or zip(keys, ...)",
                inner=inner(mistake),
            )
        if turn is not None:
            continue
        split = mistake.repeat.first.kind == mistake.repeat.second.kind == "split"
        handed = {"handed", "kept"} & {mistake.repeat.first.kind, mistake.repeat.second.kind}
        done = "splits" if split else "is given" if handed else "draws from"
        message = (
            f"{second} {done} {key_name(mistake)}, which {first} at line {earlier.line} {done} too"
        )
        if leaves(mistake):
            message = (
                f"{key_name(mistake)} is returned for later use, and {first} at line {earlier.line} "
                f"{'draws from' if mistake.repeat.first.kind in ('draw', 'layer') else 'is given'} it"
            )
        yield finding(
            "KS101",
            mistake.severity,
            site,
            message=message,
            why=mistake.why(
                "the two give the same or dependent numbers where independent ones are expected"
            ),
            fix="give each its own key:\nkey, first_key, second_key = jax.random.split(key, 3)",
            related=(earlier.location("the first use"),),
            inner=inner(mistake),
        )


def _meeting(mistake: Mistake, folds: tuple[Site, ...], turn: Turn) -> Finding:
    one, other = folds[0], folds[-1]
    return finding(
        "KS101",
        mistake.severity,
        one,
        message=f"{one.text}() at line {one.line} has in one turn of the loop at line {turn.line} the "
        f"key that {other.text}() at line {other.line} has in another",
        why=mistake.why(
            "what they draw in neighbouring turns is equal where independent numbers are expected"
        ),
        fix="derive one key for each turn, and split it:\n"
        "one, other = jax.random.split(jax.random.fold_in(key, t))",
        related=(other.location("the other derivation"),),
        inner=inner(mistake, one),
    )


RANK = 110


def holds(pair: Pair) -> Severity | None:
    """Two places, or two calls, that drew from one key."""
    if pair.initialising and pair.twins:
        return "note"  # one network that is initialised twice, as target networks are
    if pair.unmade and pair.one_place:
        return "note"  # two runs of a program, each of which made its keys
    turn = pair.turn  # that calls several functions by one name, each with the key
    if turn is not None and not turn.carried and (turn.settings or pair.whole_run):
        return "note"
    if pair.watches:
        return "note"  # evaluations with one key, of trainings that run one after the other
    return "warning" if pair.one_place or pair.twins else "error"


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS101 that the evidence of a run shows."""
    for found in verdicts(recording, "KS101"):
        what = " and ".join(found.facts.get("distributions", ())[:2]) or "two draws"
        fix = "give each draw a key of its own:\nfirst_key, second_key = jax.random.split(key)"
        if "error" in found.facts:
            message = f"a key was used again: {found.facts['text']}"
        elif found.facts["proven"]:
            message = f"{what} drew from one key, first at {line(found.facts['first'])}"
        else:
            message = f"{what} drew the same numbers again: its call got a key that was used before"
        yield found.finding(
            message,
            why="what should be independent is equal, or a fixed function of the other",
            fix=_fix(found.facts["pair"], found.facts["made"]) if "pair" in found.facts else fix,
        )


def _fix(pair: Pair, made: Stack) -> str:
    """Both lines with keys of their own, in the reader's names."""
    places = pair.parted or (pair.first.at.place, pair.second.at.place)
    uses = [given(place, made) if place is not None else None for place in places]
    named = [use for use in uses if use is not None]
    name = named[0].name if named else "key"
    changed = [
        (use, key)
        for use, key in zip(uses, ("first_key", "second_key"), strict=True)
        if use is not None and use.name == name
    ]
    by_statement: dict[int, list[tuple[Given, str]]] = {}
    for use, key in changed:
        by_statement.setdefault(id(statement(use.place)), []).append((use, key))
    lines = [f"first_key, second_key = jax.random.split({name})"]
    lines += map(with_keys, by_statement.values())
    text = "\n".join(lines)
    return f"split the key before both, and give each a part:\n{text}"
