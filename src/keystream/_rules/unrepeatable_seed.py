"""A seed that is another one in every run.

## What it does

Finds keys made of a clock, the system's entropy, a salted hash, or the order of a set of text.

## Why it matters

The run can't be repeated, and its parts on several hosts don't agree.

## Example

```python
import time

import jax

key = jax.random.key(int(time.time()))
```

## Use instead

```python
import jax

key = jax.random.key(0)
```

## Limits

In source, a seed that the program prints is left alone: whoever reads the log can repeat the run.

## Fix safety

There is no automatic repair.

## Sources

`hash` of the Python language reference; `jax.random.key`, jax 0.12.0.1.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from keystream._findings import Finding
from keystream._lint.facts import Fact
from keystream._lint.libraries.host import host_part
from keystream._lint.module import Module, finding
from keystream._lint.places import of_chain
from keystream._lint.symbols import Value, is_operation

SEVERITIES = "error, warning"
EVIDENCE = ("lineage", "source")
MISTAKE = "a seed that nobody can give again"

FROM_SOURCE = True  # the audit takes it from the source of the functions that ran

_SALTED = "Python salts the hash of text in each process"


def _given(fact: Fact) -> set[str]:
    """The names that a key is made from."""
    node = fact.site.node
    values = node.args if isinstance(node, ast.Call) else []
    return {part.id for value in values for part in ast.walk(value) if isinstance(part, ast.Name)}


def _is_written_down(fact: Fact, module: Module) -> bool:
    """Whether the function that makes the key, or one that called it, prints or logs the seed."""
    around = {site.around for site in (*fact.chain, fact.site)}
    return any((node, name) in module.facts.printed for name in _given(fact) for node in around)


def read(module: Module) -> Iterator[Finding]:
    """A seed that is another one in every run."""
    for fact in module.seen("set_order"):
        yield finding(
            "KS502",
            "warning",
            fact.site,
            message="keys are handed out in the order of " + (fact.data["why"] or "a set of text"),
            why="the order differs from machine to machine"
            if fact.data["why"]
            else "Python salts the hash of text in each process, so the order differs from run "
            "to run",
            fix="fix the order:\nfor name in sorted(names): ...",
            inner=of_chain(fact.site, fact.chain, fact.data["made"]),
        )
    seeded = next(module.seen("host_seeded"), None) is not None
    for fact in module.seen("seed", "fold"):
        datum = fact.data.get("seed", fact.data.get("datum"))
        part = host_part(datum)
        if part is None:
            yield from _in_place_of_zero(fact, datum)
            continue
        name = part.name
        drawn = name.startswith(("numpy.random.", "random."))
        if drawn and seeded:
            continue
        if fact.kind == "seed" and _is_written_down(fact, module):
            continue  # whoever reads the log can repeat the run
        yield finding(
            "KS502",
            "warning" if drawn else "error",
            fact.site,
            message=f"the key is made from {name}(), which differs from run to run",
            why=(
                _SALTED
                if name == "hash"
                else "the run can't be repeated, nor its parts on several hosts agree"
            ),
            fix="use a fixed hash:\njax.random.fold_in(key, zlib.crc32(name.encode()))"
            if name == "hash"
            else "take the seed as an argument, and log it:\nkey = jax.random.key(args.seed)",
        )


def _in_place_of_zero(fact: Fact, datum: Value | None) -> Iterator[Finding]:
    """``seed or time.time()``: 0 is a seed too."""
    if not is_operation(datum, "Or"):
        return
    part = host_part(datum.operands[-1])
    if part is not None:
        yield finding(
            "KS502",
            "warning",
            fact.site,
            message=f"a seed of 0 counts as none here: the key is made from {part.name}() then",
            why="0 is a seed, and a false value: the run that asks for it can't be repeated",
            fix=f"ask for None:\nseed = {part.name}() if seed is None else seed",
        )
