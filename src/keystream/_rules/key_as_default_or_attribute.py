"""A key made once, where a function or class is defined.

## What it does

Finds a key that is a parameter's default or the default of a class attribute.

## Why it matters

The key is made once, so every call that leaves it out draws the same numbers.

## Example

```python
import jax


def noisy(x, key=jax.random.key(0)):
    return x + jax.random.normal(key, x.shape)


for _ in range(2):
    y = noisy(jax.numpy.zeros(2))
```

## Use instead

```python
import jax


def noisy(x, *, key):
    return x + jax.random.normal(key, x.shape)


for key in jax.random.split(jax.random.key(0), 2):
    y = noisy(jax.numpy.zeros(2), key=key)
```

## Limits

Only defaults written where the function or class is defined are found. A default that no call
leaves out, as far as source shows, is a note, unless a list or tuple holds the function beside others,
which are called alike. Where the calls stand in another file, it is reported at
the first of them, if none in that file gives the key and they repeat: in a loop, in a compiled function,
at two places. The audit has no such rule: it reports the draws that repeat, as KS201 or KS101.

## Fix safety

There is no automatic repair.

## Sources

The Python language reference, function definitions; jax 0.12.0.1.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from keystream._findings import Finding, Location
from keystream._lint.facts import Site
from keystream._lint.module import Module, finding
from keystream._lint.places import of_chain
from keystream._lint.values import Function, root_of
from keystream._lint.walking import walk

SEVERITIES = "warning, note"
MISTAKE = "a key as a default argument or a field"


def read(module: Module) -> Iterator[Finding]:
    """A key made once, where a function or class is defined."""
    for fact in module.seen("key_default"):
        name, function = fact.data["parameter"], fact.data["function"]
        left_out = (function.node, name) in module.facts.defaulted
        handed = None if left_out else _handed_on(module, function, name)
        unseen = "; no call that is seen here leaves it out" if handed is None else ""
        yield finding(
            "KS108",
            "warning" if left_out or handed is not None else "note",
            fact.site,
            message=f"the parameter {name!r} of {function.name}() has a key as its default",
            why="the default is made once, so every call that leaves it out draws the same numbers"
            + ("" if left_out else unseen),
            related=() if handed is None else (_at(fact.site, handed),),
            fix=f"ask for the key:\ndef {function.name.rpartition('.')[2]}(..., *, {name}): ...",
        )
    yield from _left_out(module)
    for fact in module.seen("key_attribute"):
        name = fact.data["name"]
        yield finding(
            "KS108",
            "warning",
            fact.site,
            message=f"the class {fact.data['cls']} has a key as the default of {name!r}",
            why="the key is made once, so every object and every call draws the same numbers",
            fix=f"ask for the key when it is drawn from:\ndef __call__(self, x, *, {name}): ...",
        )


def _handed_on(module: Module, function: Function, parameter: str) -> ast.Name | None:
    """Where a list or tuple holds a function by its name, to be called alike with the others in it.

    None where a call of the function gives the key.
    """
    if (function.node, parameter) in module.facts.given:
        return None
    displays = (p for p in walk(function.scope.unit.tree) if isinstance(p, ast.List | ast.Tuple))
    parts = (part for each in displays for part in each.elts if isinstance(part, ast.Name))
    return next((part for part in parts if part.id == function.name), None)


def _at(site: Site, node: ast.Name) -> Location:
    return replace(
        site.location("kept beside others, that are called alike"), line=node.lineno, column=0
    )


def _left_out(module: Module) -> Iterator[Finding]:
    """A key that the calls of a function of another file leave out, and draw from all the same."""
    told = {root_of(mistake.repeat.second.key) for mistake in module.mistakes}
    for key, fact in module.facts.left_out.items():
        name, function, calls = (fact.data[word] for word in ("parameter", "function", "calls"))
        again = fact.data["again"] or len(calls) > 1
        if key in told or not again or "drawn" not in fact.data:
            continue
        if (function.node, name) in module.facts.given:
            continue
        path, node = function.scope.unit.path, function.node
        yield finding(
            "KS108",
            "warning",
            fact.site,
            message=f"{function.name}() draws from the key that is the default of {name!r}",
            why="the default is made once, so every call that leaves it out draws the same numbers",
            fix=f"give each call a key of its own:\n{fact.site.text}(..., {name}=key)",
            inner=of_chain(fact.site, fact.data["drawn"]),
            related=(Location(path, node.lineno, 0, function.name, "the definition"),),
        )
