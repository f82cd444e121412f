"""Seeds and folded numbers that differ in the program and are equal to JAX.

## What it does

Finds seeds and folded numbers that differ in the program and are equal to JAX, and sums of counters
that meet: in loops within each other, and across the members of a batch and the turns of a loop.

## Why it matters

JAX cuts them to 32-bit integers: 0.1 and 0.9 give one key, and so do 0 and 2**32. Of `i + t` the
member 2 in turn 1 and the member 1 in turn 2 have one key, and draw the same numbers.

## Example

```python
import jax

root = jax.random.key(0)
for rate in (0.1, 0.9):
    noise = jax.random.normal(jax.random.fold_in(root, rate), (3,))
```

## Use instead

```python
import jax

root = jax.random.key(0)
for number, rate in enumerate((0.1, 0.9)):
    noise = jax.random.normal(jax.random.fold_in(root, number), (3,))
```

## Limits

In source, numbers that depend on data are not judged.

## Fix safety

There is no automatic repair.

## Sources

`jax.random.fold_in`, jax 0.12.0.1.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.pairs import Pair
from keystream._evidence.relation import Relation
from keystream._evidence.shared import Shared
from keystream._findings import Finding, Severity
from keystream._lint.facts import Fact
from keystream._lint.module import Module, finding
from keystream._lint.places import inner, of_chain
from keystream._lint.symbols import Called, Constant, Element, Symbol, Value, is_operation
from keystream._lint.values import constant_of

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning, note"
EVIDENCE = ("lineage",)
MISTAKE = "seeds or folded numbers that meet: cut to 32 bits, floats, sums, ranges"

_FLOATS = (
    "numpy.random.uniform",
    "builtins.float",
    "numpy.linspace",
    "jax.numpy.linspace",
    "math.",
)


_EQUAL = "equal seeds are equal keys: the draws of these turns repeat each other"


def read(module: Module) -> Iterator[Finding]:
    """Seeds and folded numbers that differ in the program and are equal to JAX."""
    yield from _counters(module)
    yield from _beyond_32_bits(module)
    for fact in module.seen("fold"):
        if _is_float(fact.data["datum"]):
            yield _floats(fact)
    yield from _keras(module)


def _counters(module: Module) -> Iterator[Finding]:
    """Loops whose counters come out as one seed."""
    told: set[object] = set()
    for mistake in module.of("KS109"):
        told.update(site.node for site in mistake.seeds[-1:])
        yield finding(
            "KS109",
            mistake.severity,
            mistake.site,
            message="the seed is computed from the loop's variable, but comes out equal in "
            "different turns",
            why=mistake.why(_EQUAL),
            fix="fold the counters one after the other:\n"
            "key = jax.random.fold_in(jax.random.fold_in(key, i), j)",
            related=tuple(site.location("the key is made here") for site in mistake.seeds[-1:]),
            inner=inner(mistake),
        )
    told.update(_derived_in_turns(module))
    for fact in module.seen("seeds_meet"):
        if fact.site.node not in told:
            told.add(fact.site.node)
            yield _met(fact)
    for fact in module.seen("counters_meet", "counters_added"):
        if fact.site.node not in told:
            told.add(fact.site.node)
            yield _summed(fact)


def _derived_in_turns(module: Module) -> Iterator[ast.AST]:
    """Where the keys are made that come out equal in turns of a loop, which another finding tells."""
    for mistake in module.mistakes:
        if mistake.repeat.turn is not None:
            yield from (site.node for _, site in mistake.repeat.routes)


def _summed(fact: Fact) -> Finding:
    """Two counters in one number: it is known which settings meet, or that any sum has them."""
    one, other, seed = fact.data.get("twins", (None, None, None))
    added = fact.kind == "counters_added"
    return finding(
        "KS109",
        "warning",
        fact.site,
        message="the seed is the sum of two counters"
        if added
        else f"the loops' counters {one} and {other} give one seed, {seed}",
        why="1 + 2 is 2 + 1: different pairs of counters give one key" if added else _EQUAL,
        fix="fold the counters themselves, one after the other:\n"
        "key = jax.random.fold_in(jax.random.fold_in(key, i), j)",
        inner=of_chain(fact.site, fact.chain),
    )


def _met(fact: Fact) -> Finding:
    return finding(
        "KS109",
        "warning",
        fact.site,
        message="two turns of the outer loop have seeds in common, such as "
        f"{fact.data['number']}: the inner loop has more turns than they lie apart",
        why=_EQUAL,
        fix="fold one counter after the other:\n"
        "key = jax.random.fold_in(jax.random.fold_in(key, i), j)",
        inner=of_chain(fact.site, fact.chain),
    )


def _beyond_32_bits(module: Module) -> Iterator[Finding]:
    """Seeds of which JAX drops bits."""
    for fact in module.seen("seed_cut"):
        if not module.facts.wide:
            yield finding(
                "KS109",
                "warning",
                fact.site,
                message=f"the seed {fact.data['text']} has more than 32 bits, and JAX cuts it",
                why="without x64 seeds that differ in the bits above the 32nd alone are one key",
                fix="fold the numbers one after the other:\n"
                "key = jax.random.fold_in(jax.random.fold_in(key, actor), episode)",
                inner=of_chain(fact.site, fact.chain),
            )
    for fact in module.seen("seed_wraps"):
        yield finding(
            "KS109",
            "warning",
            fact.site,
            message=f"the seed {fact.data['seed']} does not fit into 32 bits",
            why="without x64 JAX cuts it without a word, so seeds that differ by 2**32 are one key",
            fix="make a seed of it that depends on all its bits:\nkey = jax.random.key(ks.seed(number))",
        )


def _floats(fact: Fact) -> Finding:
    value = constant_of(fact.data["datum"])
    shown = f"the float {value!r}" if isinstance(value, float) else "a float"
    return finding(
        "KS109",
        "error",
        fact.site,
        message=f"fold_in is given {shown}",
        why="JAX cuts it to an integer without a word, so 0.1 and 0.9 give one key",
        fix="fold an integer that differs:\n"
        "for i, value in enumerate(values):\n    key_i = jax.random.fold_in(key, i)",
    )


def _is_float(datum: Value) -> bool:
    if not isinstance(datum, Symbol):
        return False
    if isinstance(datum, Constant):
        return isinstance(datum.value, float)
    if is_operation(datum, "Div"):
        return True
    if isinstance(datum, Called):
        return datum.function.startswith(_FLOATS) and "floor" not in datum.function
    if isinstance(datum, Element):
        return _is_float(datum.iterable)
    return False


def _keras(module: Module) -> Iterator[Finding]:
    seen: dict[tuple[object, str], Fact] = {}
    for fact in module.seen("keras_seed"):
        name = (fact.data["seed"], fact.site.function)
        earlier = seen.setdefault(name, fact)
        if earlier is not fact:
            yield finding(
                "KS109",
                "warning",
                fact.site,
                message=f"two dropout layers have the seed {fact.data['seed']}",
                why="layers of one size then drop the same units",
                fix="leave the seed out, and set it once:\nkeras.utils.set_random_seed(0)",
                related=(earlier.site.location("the other layer"),),
            )


RANK = 20


def holds(pair: Pair) -> Severity | None:
    """Two seeds or folded numbers that are one to JAX."""
    if pair.relation is Relation.COLLISION or pair.float_folded:
        return "error"
    return "warning" if pair.seeds_meet else None


def shares(shared: Shared) -> Severity | None:
    """Members of a batch, or loops within each other, that fold in equal numbers in different turns."""
    one_way = shared.over_batch or shared.over_replicas or shared.over_turns
    return "warning" if shared.meets and not one_way else None


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS109 that the evidence of a run shows."""
    for found in verdicts(recording, "KS109"):
        if "site" in found.facts:
            site, again = found.facts["site"], found.facts["repeats"]["across"]
            yield found.finding(
                f"{site.distribution or 'a draw'} repeats, {again} times, what another member of the "
                "batch or loop drew in another turn",
                why="the numbers that are folded into the key meet: 2 + 1 and 1 + 2 are one number, and "
                "its draws are one",
                fix="fold them in one after the other:\n"
                "key = jax.random.fold_in(jax.random.fold_in(key, member), turn)",
            )
            continue
        if found.facts["pair"].seeds_meet:
            seed = found.facts["root"]
            yield found.finding(
                f"the seed is a sum, which was {seed} more than once: {found.count} draws repeat others",
                why="1 + 2 is 2 + 1: turns that should differ begin from one key",
                fix="fold one number after the other:\n"
                "key = jax.random.fold_in(jax.random.fold_in(key, i), j)",
            )
            continue
        yield found.finding(
            "two different numbers gave one key",
            why="JAX cuts seeds and folded numbers to 32-bit integers: 0.1 and 0.9 become 0, "
            "2**32 becomes 0",
            fix="fold in integers that differ:\njax.random.fold_in(key, index)",
        )
