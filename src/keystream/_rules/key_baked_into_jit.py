"""A compiled function that draws from a key which is no argument of it.

## What it does

Finds a compiled function that draws from a key which is no argument of it.

## Why it matters

What a compiled function closes over is a constant: every call draws the same numbers.

## Example

```python
import jax

key = jax.random.key(0)


@jax.jit
def noisy(x):
    return x + jax.random.normal(key, x.shape)


noisy(jax.numpy.zeros(2))
```

## Use instead

```python
import jax


@jax.jit
def noisy(x, key):
    return x + jax.random.normal(key, x.shape)


noisy(jax.numpy.zeros(2), jax.random.key(0))
```

## Limits

In source, keys captured by functions of libraries that it does not know are not seen; where the
function is called again, lint names the draws that repeat, KS101 or KS201. The audit needs a second
call: a single one repeats nothing.

## Fix safety

There is no automatic repair.

## Sources

`jax.jit`, jax 0.12.0.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.figures import EVALUATES
from keystream._evidence.pairs import Pair
from keystream._evidence.uses import Site, Stack
from keystream._findings import Finding, Location, Severity
from keystream._lint.facts import Fact
from keystream._lint.module import Module, finding
from keystream._lint.places import derived, distinct

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning, note"
EVIDENCE = (
    "lineage",
    "errors",
)
MISTAKE = "the host's randomness, or a key, frozen into a compiled function"


def read(module: Module) -> Iterator[Finding]:
    """A compiled function that draws from a key which is no argument of it."""
    causes: set[object] = set()
    told = {mistake.repeat.second.chain[-1].node for mistake in module.mistakes}
    for fact in module.seen("key_baked"):
        made = [site.node for site in fact.data["origins"][-1:]] or [fact.site.node]
        cause = made[0], fact.data["jitted"].node
        if fact.site.node in told or cause in causes:
            continue  # of one key in one compiled function the first draw stands for all
        causes.add(cause)
        jitted = fact.data["jitted"]
        text = fact.data["text"]
        yield finding(
            "KS503",
            "warning",
            fact.site,
            message=f"{fact.data['name']} draws from {f'`{text}`' if text else 'a key'}, a "
            "constant of the function "
            f"that is compiled at line {jitted.line}",
            why="every call of the compiled function draws the same numbers",
            fix="pass the key as an argument, a new one each call:\n"
            "@jax.jit\ndef step(x, key): ...",
            inner=distinct(fact.site, _lines(fact)),
        )


def _lines(fact: Fact) -> Iterator[Location]:
    """The call, where the key comes from, the calls down to the draw."""
    jitted = fact.data["jitted"]
    yield jitted.location("the compiled call")
    for site in fact.data["origins"]:
        yield derived(site)
    for site in fact.chain[::-1]:
        yield site.location()
    wrapper = getattr(jitted.callee, "node", None)
    yield Location(fact.site.path, getattr(wrapper, "lineno", 0), 0, "", "compiled here")


RANK = 80


def holds(pair: Pair) -> Severity | None:
    """Calls of a compiled function that holds its key as a constant."""
    one, other = pair.first.at, pair.second.at
    baked = one.root == other.root == "constant" and _traced(one) == _traced(other)
    if not baked or not pair.one_place or pair.first.call == pair.second.call:
        return None
    return "note" if pair.evaluates else "error"


def _traced(site: Site) -> Stack:
    """The lines by which a compiled function came to a draw: another function comes by others."""
    return tuple(place for place in site.frames if place not in site.call)


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS503 that the evidence of a run shows."""
    for found in verdicts(recording, "KS503"):
        if "text" in found.facts:
            message = f"a key left the function that was traced with it: {found.facts['text']}"
            why = _CONSTANT
        else:
            keys = found.facts["keys"]
            calls = found.count // keys + 1
            what = "its key" if keys == 1 else f"the key of its {keys} keys"
            message = f"a compiled function captured {what}: {calls} calls drew the same"
            why = EVALUATES if found.severity == "note" else _CONSTANT
        yield found.finding(
            message,
            why=why,
            fix="make the key an argument:\n@jax.jit\ndef step(x, key): ...",
        )


_CONSTANT = "what a compiled function closes over is a constant of the program"
