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

from keystream._audit.judged import Judged, line
from keystream._audit.verdicts import verdicts
from keystream._evidence.pairs import Pair
from keystream._evidence.source import scope_of
from keystream._findings import Finding, Severity
from keystream._judge.handing import spelled
from keystream._judge.splitting import own_keys
from keystream._judge.wording import given
from keystream._lint.facts import Site, Turn
from keystream._lint.mistakes import Mistake
from keystream._lint.module import Module, field_left, finding, key_name, leaves, used_by
from keystream._lint.places import inner
from keystream._lint.sharing import own_parts, spelled_key
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
                f"keys = jax.random.split({spelled_key(mistake)}, n)  # then keys[i], or zip(keys, ...)",
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
            fix=field_left(mistake) or f"give each its own key:\n{own_parts(mistake, module)}",
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
    if pair.of_settings:  # several functions that are called by one name
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
            message = f"{what} drew {_from(found)}, first at {line(found.facts['first'])}"
        else:
            message = f"{what} drew the same numbers again: its call got a key that was used before"
        yield found.finding(
            message,
            why="what should be independent is equal, or a fixed function of the other",
            fix=_fix(found) if "pair" in found.facts else fix,
        )


def _from(found: Judged) -> str:
    """How often one key was drawn from, where one sampler's name is all that is said of the draws."""
    if found.facts["keys"] > 1:
        return f"more than once from each of {found.facts['keys']} keys"
    if len(found.facts["distributions"]) > 1:
        return "from one key"
    return f"{'twice' if found.count == 1 else f'{found.count + 1} times'} from one key"


def _fix(found: Judged) -> str:
    """The lines with keys of their own, in the reader's names."""
    pair: Pair = found.facts["pair"]
    places = pair.parted or (pair.first.at.place, pair.second.at.place)
    uses = [given(place, found.facts["made"]) for place in places if place is not None]
    named = [use for use in uses if use is not None]
    if named:
        here = [use for use in named if scope_of(use.place) is scope_of(named[0].place)]
        names = list(dict.fromkeys(use.name for use in here))
        text = own_keys([use.place for use in here], names, found.locations)
        return f"split the key before both, and give each a part:\n{text}"
    spellings = spelled(pair.second.at.stack)
    near = [use for use in spellings if use.place == places[-1]] or spellings
    name, said = (near[0].name, "") if near else ("key", " (`key` stands for yours)")
    return (
        f"split the key before both, and give each a part{said}:\n"
        f"first_key, second_key = jax.random.split({name})"
    )
