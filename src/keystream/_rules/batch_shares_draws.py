"""A batch whose elements draw from one key.

## What it does

Finds a draw under `vmap` from a key that has no batch axis.

## Why it matters

All examples get the same noise or mask, so it does not average out over the batch.

## Example

```python
import jax


def noisy(x, key):
    return x + jax.random.normal(key, x.shape)


jax.vmap(noisy, in_axes=(0, None))(jax.numpy.zeros((4, 2)), jax.random.key(0))
```

## Use instead

```python
import jax


def noisy(x, key):
    return x + jax.random.normal(key, x.shape)


jax.vmap(noisy)(jax.numpy.zeros((4, 2)), jax.random.split(jax.random.key(0), 4))
```

## Limits

In source, a batch over settings that are written out, such as `jnp.linspace(0, 1, 8)` or
`jnp.array([0.1, 0.01])`, is believed to want equal draws.
A batch over parameters or times may want equal draws: where the names of what varies say so, such as
`theta` or `times`, the finding is a note that quotes them.

## Fix safety

There is no automatic repair.

## Sources

`jax.vmap`, jax 0.12.0.1.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.paired import Paired, orders
from keystream._evidence.settings import written_out
from keystream._evidence.shared import Shared
from keystream._findings import Finding, Severity
from keystream._judge.words import swept
from keystream._lint.facts import Fact
from keystream._lint.module import Module, finding
from keystream._lint.places import of_chain, of_shared
from keystream._lint.symbols import Seed
from keystream._lint.values import root_of

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "warning, note"
EVIDENCE = ("loops",)
MISTAKE = "one key for all members of a batch"


def read(module: Module) -> Iterator[Finding]:
    """A batch whose elements draw from one key."""
    told = {site.node for mistake in module.of("KS106") for site in mistake.seeds}
    for fact in module.seen("shared", "shared_rngs"):
        mapped = fact.data["mapped"]
        if mapped.kind != "vmap" or mapped.name == "haiku.vmap" or _sweeps(fact):
            continue
        seed = _seed_within(fact)
        if seed is not None and seed in told:
            continue  # one cause: the seed that the function makes its key of
        if seed is not None:
            told.add(seed)
        yield _of_rngs(fact) if fact.kind == "shared_rngs" else _of_key(fact)


def _seed_within(fact: Fact) -> ast.AST | None:
    """What makes the key of a number within the function that is batched, whoever batches it."""
    origins = fact.data.get("origins", ())
    if not origins or not isinstance(root_of(fact.data["use"].key), Seed):
        return None
    made = origins[-1]
    return made.node if made.around is not fact.site.around else None


def _sweeps(fact: Fact) -> bool:
    """Whether all that the batch goes over are settings that stand in source."""
    call, positions = fact.site.node, fact.data["mapped"].positions
    if not isinstance(call, ast.Call) or not positions or len(call.args) <= max(positions):
        return False
    return all(written_out(call.args[i], fact.site.around) for i in positions)


def _is_ordered(fact: Fact) -> bool:
    """Whether what the batch gives is put in order."""
    call, around = fact.site.node, fact.site.around
    if not isinstance(around, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        return False
    return isinstance(call, ast.Call) and orders(call, around)


def _of_key(fact: Fact) -> Finding:
    use, site = fact.data["use"], fact.site
    drawn = use.chain[-1]
    said = swept(site.location(), fact.data["mapped"].names)
    ordered = not site.graded and _is_ordered(fact)
    return finding(
        "KS303",
        "note" if ordered or said is not None else "warning",
        site,
        message=f"the whole batch of this vmap draws from one key: {use.name} at line {drawn.line}"
        + (f" uses `{use.text}`" if use.text else ""),
        why="all examples get the same noise or mask, so it does not average out over the batch"
        + (f"; {Paired.ORDERED.value}" if ordered else "")
        + ("" if said is None else f"; a name says that settings are compared: {said.quoted}"),
        fix="give each example a key:\n"
        "keys = jax.random.split(key, batch_size)   # and in_axes=0 for them",
        related=() if drawn.line == site.line else (drawn.location("the draw"),),
        inner=of_shared(fact, site),
    )


def _of_rngs(fact: Fact) -> Finding:
    drawn = fact.data["drawn"]
    return finding(
        "KS303",
        "warning",
        fact.site,
        message=f"the whole batch of this vmap draws from one Rngs, at line {drawn.line}",
        why="all examples get the same noise or mask, so it does not average out over the batch",
        fix="split the streams over the batch:\n@nnx.split_rngs(splits=batch_size)\n"
        "@nnx.vmap(in_axes=(nnx.StateAxes({nnx.RngState: 0, ...: None}), 0))",
        related=(drawn.location("the draw"),),
        inner=of_chain(fact.site, fact.chain, drawn, fact.data["mapped"].wrapped),
    )


RANK = 20


def shares(shared: Shared) -> Severity | None:
    """One draw for all members of a batch."""
    return "warning" if shared.over_batch else None


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS303 that the evidence of a run shows."""
    for found in verdicts(recording, "KS303"):
        what = found.facts["site"].distribution or "a draw"
        yield found.finding(
            f"{what} under vmap used one key for every member of the batch",
            why="all members get the same mask or noise, so the batch averages over one draw",
            fix="split a key for each member:\nkeys = jax.random.split(key, batch_size)\n"
            "jax.vmap(f)(xs, keys)   # or draw once, outside of the vmap, if all shall share it",
        )
