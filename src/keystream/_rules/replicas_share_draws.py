"""Devices, or processes of a job, that draw from one replicated key.

## What it does

Finds a draw under `pmap` or `shard_map` from a key that is the same on every device. Lint reads
which arguments are mapped; the audit sees the values on the devices, in compiled calls. Of a job of
several processes, `keystream report` reads all their records together and finds processes that draw
from one key, each for data of its own.

## Why it matters

All replicas drop the same units, or add the same noise, for different data: a run on eight devices
explores no more than a run on one.

## Example

```python
import jax
import numpy as np
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P


def noisy(key, x):
    return x + jax.random.normal(key, x.shape)


mesh = Mesh(np.array(jax.devices()), ("data",))
specs = {"in_specs": (P(), P("data")), "out_specs": P("data")}
noisy = jax.jit(jax.shard_map(noisy, mesh=mesh, **specs))
y = noisy(jax.random.key(0), jax.numpy.zeros(16))
```

## Use instead

```python
import jax
import numpy as np
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P


def noisy(key, x):
    key = jax.random.fold_in(key, jax.lax.axis_index("data"))
    return x + jax.random.normal(key, x.shape)


mesh = Mesh(np.array(jax.devices()), ("data",))
specs = {"in_specs": (P(), P("data")), "out_specs": P("data")}
noisy = jax.jit(jax.shard_map(noisy, mesh=mesh, **specs))
y = noisy(jax.random.key(0), jax.numpy.zeros(16))
```

## Limits

One draw meant for all devices, as of a model's initial weights, can't be told from a mistake: hence
a warning. Where `shard_map` returns one value for all devices, lint takes the draw as meant. On a
single device the audit sees nothing. Sharding by `jit` shares no draws: there a mask is drawn over
the whole array.

## Fix safety

There is no automatic repair.

## Sources

`jax.shard_map`, `jax.pmap` and `jax.lax.axis_index`, jax 0.12.0.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.shared import FOLDED_APART, Shared
from keystream._findings import Finding, Severity
from keystream._lint.module import Module, finding
from keystream._lint.places import nearest_in, of_shared
from keystream._lint.symbols import Child, Opaque, Symbol

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning, note"
EVIDENCE = ("loops",)
MISTAKE = "one key for all devices"


def read(module: Module) -> Iterator[Finding]:
    """Devices that draw from one replicated key."""
    for fact in module.seen("shared"):
        mapped, use = fact.data["mapped"], fact.data["use"]
        if mapped.kind == "vmap":
            continue
        drawn = nearest_in(fact.site.path, use.chain)
        apart = _folds_a_sibling(module, use.key)
        order = use.name.endswith("permutation")  # no noise
        yield finding(
            "KS301",
            "note" if order or apart else "warning",
            drawn,
            message=f"{use.name} draws from {f'`{use.text}`' if use.text else 'a key'}, "
            f"which is the same on every device of the {mapped.kind} at line {fact.site.line}",
            why="all replicas draw the same numbers for different data"
            + (f"; {FOLDED_APART}, so it seems meant" if apart else ""),
            fix="fold the device into the key:\n"
            'key = jax.random.fold_in(key, jax.lax.axis_index("batch"))',
            related=(fact.site.location(f"the {mapped.kind}"),),
            inner=of_shared(fact, drawn),
        )


def _folds_a_sibling(module: Module, key: Symbol) -> bool:
    """Whether the split that made a key made another too, which is folded with what differs by lane."""
    if not isinstance(key, Child):
        return False
    folds = (fact.data for fact in module.seen("fold"))
    return any(
        isinstance(fold["key"], Child)
        and fold["key"].key is key.key
        and fold["key"] is not key
        and _differs(fold["datum"])
        for fold in folds
    )


def _differs(datum: Symbol) -> bool:
    """Whether a number is another one on every device."""
    by_place = isinstance(datum, Opaque) and datum.args[0] == "jax.lax.axis_index"
    return by_place or any(kind == "lane" for kind, _ in datum.tags)


RANK = 30


def shares(shared: Shared) -> Severity | None:
    """One draw for all replicas."""
    return "warning" if shared.over_replicas else None


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS301 that the evidence of a run shows."""
    for found in verdicts(recording, "KS301"):
        what = found.facts["site"].distribution or "a draw"
        yield found.finding(
            f"{what} used one key on every replica",
            why="all devices drop the same units or add the same noise, so they explore less "
            "than they seem to",
            fix="fold in the position:\nkey = jax.random.fold_in(key, "
            "jax.lax.axis_index(axis_name))",
        )
