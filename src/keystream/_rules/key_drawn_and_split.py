"""A key that is drawn from and also split.

## What it does

Finds a key that is drawn from and from which other keys are derived.

## Why it matters

The keys derived from a key and the numbers drawn from it come from the same bits, so they are not
independent.

## Example

```python
import jax

key = jax.random.key(0)
noise = jax.random.normal(key, (3,))
key, subkey = jax.random.split(key)
mask = jax.random.bernoulli(subkey, 0.5, (3,))
```

## Use instead

```python
import jax

key, noise_key, mask_key = jax.random.split(jax.random.key(0), 3)
noise = jax.random.normal(noise_key, (3,))
mask = jax.random.bernoulli(mask_key, 0.5, (3,))
```

## Limits

In source, keys that are equal only in value are not seen, nor functions of libraries that it does
not know. A draw beside a `fold_in` of the same key is a note: the child is made of the draw's bits, and
so many programs do it that it is taken for meant.

## Fix safety

Unsafe: a key of its own is split off for the earlier use, which changes what is drawn.

## Sources

`jax.random` and `jax.random.split`, jax 0.12.0.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.pairs import Pair
from keystream._evidence.uses import Stack
from keystream._findings import Finding, Severity
from keystream._judge.handing import spelled
from keystream._judge.splitting import one_part
from keystream._judge.wording import given
from keystream._lint.facts import Use
from keystream._lint.mistakes import Mistake
from keystream._lint.module import Module, field_left, finding, key_name, leaves, used_by
from keystream._lint.places import distinct, inner
from keystream._lint.sharing import part_for_draw

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning, note"
EVIDENCE = ("lineage",)
MISTAKE = "one key drawn from twice, or drawn from and split"

_SAME_BITS = (
    "numbers drawn from a key and the keys derived from it come from the same bits, so they are not "
    "independent"
)
_AGAIN = "whoever goes on with the record derives the same keys again"
_DOES = {
    "split": "is split",
    "fold": "is folded",
    "init": "initialises a model",
    "apply": "runs a model",
    "layer": "initialises a layer",
    "draw": "is drawn from",
    "handed": "is used",
    "kept": "is kept for later use",
}


def read(module: Module) -> Iterator[Finding]:
    """A key that is drawn from and also split."""
    for mistake in module.of("KS102"):
        first = mistake.repeat.first
        earlier, name = used_by(mistake)
        if mistake.repeat.turn is not None:
            yield _carried(mistake)
            continue
        yield finding(
            "KS102",
            mistake.severity,
            mistake.site,
            message=f"{key_name(mistake)} {_told(mistake, name)} after "
            f"{_before(first, earlier)} at line {mistake.earlier.line}",
            why=mistake.why(_AGAIN if field_left(mistake) else _SAME_BITS),
            fix=field_left(mistake)
            or f"derive first, then draw from a derived key only:\n{part_for_draw(mistake)}",
            related=(mistake.earlier.location("the first use"),),
            inner=inner(mistake),
        )


def _told(mistake: Mistake, name: str) -> str:
    if leaves(mistake):
        return "is returned for later use"
    return f"{_DOES[mistake.repeat.second.kind]} by {name}"


def _before(use: Use, name: str) -> str:
    return f"it is given to {name}" if use.kind in ("handed", "kept") else f"it {_DOES[use.kind]}"


def _carried(mistake: Mistake) -> Finding:
    drawn, split = mistake.repeat.first.chain[-1], mistake.repeat.second.chain[-1]
    return finding(
        "KS102",
        mistake.severity,
        split,
        message=f"{key_name(mistake)} is split in a turn of a loop after it is drawn from at line "
        f"{drawn.line} in the turn before",
        why=mistake.why(
            "numbers drawn from a key and the keys derived from it come from the same bits, "
            "so they are not independent"
        ),
        fix=f"carry a key that nothing is drawn from:\n{part_for_draw(mistake)}",
        related=(drawn.location("the draw"),),
        inner=distinct(split, [drawn.location(), mistake.site.location(), *inner(mistake)]),
    )


RANK = 50


def holds(pair: Pair) -> Severity | None:
    """A draw and a split of one key; or a fold, which many take for harmless: a child all the same."""
    if pair.derived is None:
        return None
    return "error" if pair.derived == "split" and not pair.of_settings else "note"


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS102 that the evidence of a run shows."""
    for found in verdicts(recording, "KS102"):
        pair = found.facts["pair"]
        drawn = pair.first if pair.first.role == "draw" else pair.second
        what = drawn.at.distribution or "a draw"
        done = "split" if pair.derived == "split" else "folded"
        yield found.finding(
            f"one key was drawn from ({what}) and {done}",
            why="the children of a key are made of the same bits that a draw from it gives out",
            fix=_fix(pair, found.facts["made"]),
        )


def _fix(pair: Pair, made: Stack) -> str:
    """The draw with a part of the key, in the reader's names."""
    first, second = pair.parted or (pair.first.at.place, pair.second.at.place)
    drawn, split = (first, second) if pair.first.role == "draw" else (second, first)
    use = given(drawn, made) if drawn is not None else None
    if use is not None:
        text = one_part(use.place, [use.name], split)
        return f"split before the draw, and draw from a part:\n{text}"
    here = (pair.first if pair.first.role == "draw" else pair.second).at
    names = [each.name for each in spelled(here.stack)]
    return (
        f"split before the draw, and draw from a part{'' if names else ' (`key` stands for yours)'}:\n"
        f"split_key, draw_key = jax.random.split({names[0] if names else 'key'})"
    )
