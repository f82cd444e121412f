"""A step that is given the same key each time.

## What it does

Finds a step that is given the same key in each turn of its loop.

## Why it matters

Every step draws the same mask or noise, where each should have its own: what should vary is fixed.

## Example

```python
import jax


@jax.jit
def train_step(x, key):
    return x + jax.random.normal(key, x.shape)


key, x = jax.random.key(0), jax.numpy.zeros(2)
for step in range(3):
    x = train_step(x, key)
```

## Use instead

```python
import jax


@jax.jit
def train_step(x, key):
    return x + jax.random.normal(key, x.shape)


key, x = jax.random.key(0), jax.numpy.zeros(2)
for step in range(3):
    x = train_step(x, jax.random.fold_in(key, step))
```

## Limits

In source, keys that are equal only in value are not seen. The audit compares the values. A method that
takes its object a step further, and that its file does not call, is read by itself: a caller in another
file that puts a new key into the object is not seen.

## Fix safety

Unsafe: a key is split off in each turn of a Python loop, which changes what is drawn.

## Sources

`jax.random.fold_in`, jax 0.12.0.1.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.judged import Judged, line
from keystream._audit.verdicts import verdicts
from keystream._evidence.figures import EVALUATES
from keystream._evidence.pairs import Pair
from keystream._findings import Finding, Location, Severity
from keystream._judge.stepping import of_pair
from keystream._judge.wording import framework
from keystream._lint.facts import Fact
from keystream._lint.mistakes import Mistake
from keystream._lint.module import Module, finding, used_by
from keystream._lint.places import derived, distinct, inner, of_chain
from keystream._lint.sharing import part_for_turn

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning, note"
EVIDENCE = ("lineage",)
MISTAKE = "the same draw in every step"


def read(module: Module) -> Iterator[Finding]:
    """A step that is given the same key each time."""
    for mistake in module.of("KS201"):
        turn = mistake.repeat.turn
        _, second = used_by(mistake)
        yield finding(
            "KS201",
            mistake.severity,
            mistake.site,
            message=f"{second} gets {_same_key(mistake)} in each turn of the loop at line "
            f"{turn.line if turn else mistake.site.line}{_used_in(mistake)}",
            why=mistake.why(
                "every step draws the same mask or noise, where each should have its own"
            ),
            fix=part_for_turn(mistake),
            inner=inner(mistake),
        )
    yield from _supplies(module)
    yield from _steps(module)
    for fact in module.seen("keras_frozen"):
        yield finding(
            "KS201",
            "warning",
            fact.site,
            message=f"{fact.data['name']} in a layer's call has the integer seed "
            f"`{fact.data['text']}`",
            why="an integer seed gives the same numbers in every call, so each batch has one noise",
            fix="give the layer a generator:\nself.seeds = keras.random.SeedGenerator(seed)   "
            "# then seed=self.seeds",
            inner=of_chain(fact.site, fact.chain),
        )
    for fact in module.seen("counts_lost"):
        yield finding(
            "KS201",
            "warning",
            fact.site,
            message="jax.jit runs an NNX model that draws, and does not return its random state",
            why="the counters of the model's Rngs advance inside the compiled function only, "
            "so every call "
            "draws the same numbers",
            fix="let NNX carry the state:\n@nnx.jit\ndef train_step(model, ...): ...",
            related=(fact.data["drawn"].location("the draw"),),
        )


def _same_key(mistake: Mistake) -> str:
    """The key in the words of the line that is reported, where it is used on that line."""
    text = mistake.repeat.second.text
    if len(mistake.repeat.second.chain) > mistake.repeat.level + 1 or not text:
        return "the same key"
    return (
        f"the same key for the {text}" if text.startswith("stream ") else f"the same key `{text}`"
    )


def _used_in(mistake: Mistake) -> str:
    """Where a function that is called uses the key, and by which name."""
    use = mistake.repeat.second
    if len(use.chain) <= mistake.repeat.level + 1:
        return ""
    place, done = use.chain[-1], "uses" if use.kind in ("handed", "kept") else "draws from"
    called = f"{place.text}()" if place.text and isinstance(place.node, ast.Call) else use.name
    return f", and {called} at line {place.line} {done} it"


def _steps(module: Module) -> Iterator[Finding]:
    """Methods that go on with their object's state and draw from a key that none of them changes."""
    uses = [use for each in module.mistakes for use in (each.repeat.first, each.repeat.second)]
    told = {use.chain[-1].node for use in uses}
    told |= {fact.site.node for fact in module.seen("key_baked")}
    for fact in module.seen("step_alike"):
        if told & {fact.site.node, *(site.node for site in fact.data["origins"])}:
            continue
        method, use = fact.data["method"], fact.data["use"]
        key = f"`{use.text}`" if use.text else "a key"
        origins = [derived(site) for site in fact.data["origins"]]
        yield finding(
            "KS201",
            "warning",
            fact.site,
            message=f"{method.name}() takes its object a step further in each call, and draws from "
            f"{key}, which no call changes",
            why="every step draws the same mask or noise, where each should have its own",
            fix="put a new key into the object in each step:\n"
            "self.key, step_key = jax.random.split(self.key)",
            inner=distinct(fact.site, [*origins, *(site.location() for site in fact.chain[::-1])]),
        )


def _supplies(module: Module) -> Iterator[Finding]:
    """Keys that are handed out again because there are too few of them."""
    for fact in module.seen("keys_cycled"):
        made = fact.data["made"]
        yield finding(
            "KS201",
            "warning",
            made,
            message="itertools.cycle hands out the same keys again and again, to the loop "
            f"at line {fact.site.line}",
            why="each round draws what the first round drew",
            fix="make new keys for each round, or fold a counter that goes on:\n"
            "step_key = jax.random.fold_in(key, step)",
            inner=distinct(made, _lines(fact)),
        )
    for fact in module.seen("keys_run_out"):
        ends = fact.data["how"] == "ends"
        yield finding(
            "KS201",
            "warning",
            fact.site,
            message="the loop has more turns than there are keys, and JAX takes the last key "
            "for an index beyond it"
            if ends
            else "the index wraps around the keys, so they are handed out again",
            why="the turns after the last key all draw the same numbers"
            if ends
            else "each round draws what the first round drew",
            fix="split as many keys as there are turns, or fold the counter:\n"
            "step_key = jax.random.fold_in(key, step)",
            inner=distinct(fact.site, _lines(fact)),
        )


def _lines(fact: Fact) -> Iterator[Location]:
    for site in fact.data["origins"]:
        yield derived(site)
    for turn in fact.site.turns[-1:]:
        yield Location(fact.site.path, turn.line, 0, fact.site.function, "the loop")
    for site in fact.chain[::-1]:
        yield site.location()


RANK = 100


def holds(pair: Pair) -> Severity | None:
    """One place that drew from one key in several turns of a loop."""
    if not pair.one_stack:
        return None
    turn = pair.turn
    if pair.evaluates or pair.copied:
        return "note"
    if turn is None or turn.carried:
        return "warning"
    runs_again = pair.unmade and turn.alike and not turn.used
    runs_again = runs_again or pair.whole_run
    return "note" if turn.settings or runs_again else "warning"


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS201 that the evidence of a run shows."""
    for found in verdicts(recording, "KS201"):
        what = " and ".join(found.facts["distributions"][:2]) or "a draw"
        keys, pair = found.facts["keys"], found.facts["pair"]
        if keys > 1:
            message = (
                f"{what} drew again, {found.count} times, from {keys} keys that it had drawn from"
            )
        else:
            message = (
                f"{what} got the same key in {found.count + 1} calls, so it drew the same numbers"
            )
            message += " each time"
        yield found.finding(
            message,
            why=_why(pair, found.severity),
            fix="give the clone draws of its own:\nnnx.reseed(clone, dropout=seed)"
            if pair.copied
            else _fix(found),
        )


def _why(pair: Pair, severity: Severity) -> str:
    if pair.copied:
        return _COPIED
    return EVALUATES if severity == "note" and pair.evaluates else _SAME


_SAME = "the turns of the loop have the same mask, noise or sample, where new ones are expected"
_COPIED = (
    "nnx.clone copies the counters of a model's streams too, so a clone draws what the model draws; "
    "that may be wanted, to compare the two"
)


def _fix(found: Judged) -> str:
    """The line of the loop with a key of its own, in the reader's names."""
    pair: Pair = found.facts["pair"]
    kind = framework(pair.first.at, pair.second.at)
    if kind == "keras":
        return "let the layer count its draws:\nself.seeds = keras.random.SeedGenerator(seed)"
    text = of_pair(pair, found.facts["made"], found.locations)
    if kind == "nnx" and pair.counted and not text:
        return (
            "let NNX carry the counters of the model's Rngs out of the compiled function:\n"
            "@nnx.jit   # in place of @jax.jit, with the model as an argument"
        )
    place = pair.looped or pair.second.at.place
    where = f" of the loop at {line(place)}" if place is not None else ""
    return text or (
        f"split a key off in each turn{where}, and draw from it (`key` stands for yours):\n"
        "key, step_key = jax.random.split(key)"
    )
