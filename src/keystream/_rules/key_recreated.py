"""One seed made into a key again, where the program goes on as if it were another.

## What it does

Finds one seed that is made into a key again, where the program goes on as if it were another.

## Why it matters

Equal seeds are equal keys: every draw from the new key repeats those from the old one.

## Example

```python
import jax

for step in range(3):
    key = jax.random.key(0)
    noise = jax.random.normal(key, (3,))
```

## Use instead

```python
import jax

root = jax.random.key(0)
for step in range(3):
    noise = jax.random.normal(jax.random.fold_in(root, step), (3,))
```

## Limits

In source, only seeds that are known to be equal are compared.

## Fix safety

There is no automatic repair.

## Sources

`jax.random.key`, jax 0.12.0.1.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.flow import Meeting
from keystream._evidence.loops import Turn
from keystream._evidence.pairs import Pair
from keystream._evidence.relation import Relation
from keystream._findings import Finding, Severity
from keystream._judge.wording import seeded
from keystream._lint.facts import Fact, Site, text_of, value_text
from keystream._lint.module import Module, finding, used_by
from keystream._lint.places import inner
from keystream._lint.state import exclusive
from keystream._lint.symbols import Attribute, Child, Constant, Option, Parameter, Seed, Value
from keystream._lint.values import root_of
from keystream._lint.walking import walk

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning, note"
EVIDENCE = ("lineage",)
MISTAKE = "a key made again of its seed: in a loop, in a call, at another line"


def read(module: Module) -> Iterator[Finding]:
    """One seed made into a key again, where the program goes on as if it were another."""
    for mistake in module.of("KS106"):
        root = root_of(mistake.repeat.second.key)
        _, second = used_by(mistake)
        turn = mistake.repeat.turn
        seeds = [site for site in mistake.seeds if site.line]
        number = value_text(root.args[0])
        seed = f"the seed {number}" if number else _seed_text(seeds)
        where = (
            f"in each turn of the loop at line {turn.line}"
            if turn is not None
            else _made_twice(seeds)
            or f"at line {mistake.earlier.line} and again at line {mistake.site.line}"
        )
        yield finding(
            "KS106",
            mistake.severity,
            mistake.site,
            message=f"{seed} is made into a key {where}, and {second} draws from it",
            why=mistake.why(
                "equal seeds are equal keys: every draw from the new key repeats those from "
                "the old one"
            ),
            fix="make the key once, before, and derive one for each use:\n"
            "key, subkey = jax.random.split(key)",
            related=(*(site.location("the key is made here") for site in seeds[-1:]),),
            inner=inner(mistake),
        )
    yield from _handlers(module)
    yield from _rngs(module)


def _made_twice(seeds: list[Site]) -> str:
    """The two lines of one file on which the key is made; empty where they are not two."""
    lines = sorted({site.line for site in seeds})
    one_file = len({site.path for site in seeds}) == 1
    return (
        f"at line {lines[0]} and again at line {lines[-1]}" if one_file and len(lines) > 1 else ""
    )


def _seed_text(seeds: list[Site]) -> str:
    """A seed that is not a literal, as the source spells it where the key is made."""
    node = seeds[-1].node if seeds else None
    given = node.args[0] if isinstance(node, ast.Call) and node.args else None
    return f"the seed `{text_of(given)}`" if given is not None else "one seed"


def _stays(seed: Value | None, call: ast.AST, loop: ast.AST) -> bool:
    """Whether a seed that a call is given is the same in all turns of a loop."""
    if isinstance(seed, Constant | Seed | Child):
        return isinstance(seed, Constant) or not seed.tags
    if not isinstance(seed, Parameter | Attribute | Option):
        return False
    names = [part for part in walk(loop) if isinstance(part, ast.Name)]
    bound = {part.id for part in names if isinstance(part.ctx, ast.Store)}
    return not any(isinstance(part, ast.Name) and part.id in bound for part in walk(call))


def _handlers(module: Module) -> Iterator[Finding]:
    for fact in module.seen("seed_handler"):
        seed, turns = fact.data["seed"], fact.data["turns"]
        if not turns or not _stays(seed, fact.site.node, turns[-1].node):
            continue
        yield finding(
            "KS106",
            "error",
            fact.site,
            message=f"handlers.seed starts from {value_text(seed) or 'one key'} again in each "
            "turn of the loop "
            f"at line {turns[-1].line}",
            why="every turn samples the same values",
            fix="split a key before the loop:\n"
            "for key in jax.random.split(jax.random.key(0), n):\n    with "
            "handlers.seed(rng_seed=key): ...",
        )


def _rngs(module: Module) -> Iterator[Finding]:
    seen: dict[tuple[object, ...], Fact] = {}
    for fact in module.seen("model_seeded"):
        made = fact.data["rngs"]
        seed = _seed(made)
        if not seed:
            continue
        name = (fact.data["cls"].node, seed, fact.site.function)
        earlier = seen.setdefault(name, fact)
        if earlier is fact or earlier.data["rngs"] is made:
            continue
        anew = earlier.data["target"] == fact.data["target"] and not _are_elements(earlier, fact)
        if anew or exclusive(earlier.data["arms"], fact.data["arms"]):
            continue  # one object is made anew
        yield finding(
            "KS106",
            "error",
            fact.site,
            message=f"two objects of {fact.data['cls'].name} are built from nnx.Rngs({seed})",
            why="their weights and their later draws are identical",
            fix="build one Rngs and pass it to both:\nrngs = nnx.Rngs(0)",
            related=()
            if earlier.site.node is fact.site.node
            else (earlier.site.location("the first object"),),
        )


def _are_elements(first: Fact, second: Fact) -> bool:
    """Whether two turns of one comprehension build two objects, each from an Rngs of its own."""
    turns = second.data["turns"]
    return (
        first.site.node is second.site.node
        and any(turn.kind == "comprehension" for turn in turns)
        and second.data["rngs"].place.turns == turns
        and first.data["turns"] != turns
    )


def _seed(made: Value) -> str:
    args = getattr(made, "args", [])
    return value_text(args[0]) if args else ""


RANK = 40


def holds(pair: Pair) -> Severity | None:
    """One seed that was made a key again; a note where the runs have nothing to do with each other."""
    if pair.relation is not Relation.SAME_SEED:
        return None
    if pair.parted is not None:
        return _parted(pair)
    if pair.turn is not None:
        return _in_loop(pair, pair.turn)
    # A library called the function again, or a thread did: with arguments, for each of several things.
    return "warning" if pair.one_stack and pair.entered_with_arguments else "note"


def _in_loop(pair: Pair, turn: Turn) -> Severity:
    runs_again = turn.settings or turn.state or (turn.alike and not turn.used)
    on_other_data = turn.varied and pair.seed_handed  # each from the seed that the program declares
    runs_again = runs_again or pair.watches
    declared = on_other_data or pair.element_seeded or pair.whole_run
    if not turn.carried and (runs_again or declared):
        return "note"
    return "error" if pair.direct else "warning"


def _parted(pair: Pair) -> Severity:
    one_line = len(set(pair.seeds)) == 1
    if pair.direct and not one_line:
        return "error"
    if pair.overwritten or pair.meeting in (Meeting.APART, Meeting.COLLECTED, Meeting.UNUSED):
        return "note"
    if one_line:
        return "note" if pair.settings_differ or pair.initialising else "warning"
    return "error"


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS106 that the evidence of a run shows."""
    for found in verdicts(recording, "KS106"):
        again = f"{found.count} draws repeat" if found.count > 1 else "1 draw repeats"
        yield found.finding(
            f"seed {found.facts['root']} was made a key again: {again} what was drawn before",
            why="every key made of one seed begins the same sequence, so the draws repeat",
            fix=_fix(found.facts["pair"]),
        )


def _fix(pair: Pair) -> str:
    """The making of the key as it should read, in the words of the line that makes it again."""
    made = seeded(pair.seeds[-1]) if pair.seeds else None
    if made is None:
        return "make one key at the start and split it:\nkey, subkey = jax.random.split(key)"
    if not made.plain:
        return f"make it once, before what repeats, and hand it on:\n{made.statement}"
    if pair.turn is not None or len(set(pair.seeds)) == 1:
        name = made.name or "key"
        return (
            "make the key once, before what repeats, and derive one for each turn (`turn` counts):\n"
            f"root = {made.call}\n{name} = jax.random.fold_in(root, turn)"
        )
    return (
        "make one key of the seed, and give each a part:\n"
        f"first_key, second_key = jax.random.split({made.call})"
    )
