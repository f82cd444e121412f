"""Two modules of one Linen model that Flax can't tell apart by their paths.

## What it does

Finds modules that drew from one key because their paths are the same letters, cut in other places.
The audit sees it by the value of the key and the paths of the modules. Lint finds the like in trees
of parameters: keys of leaves that are folded with the last part of a path and not with all of it.

## Why it matters

Flax hashes the names on a module's path one after the other, with nothing between them, and folds
the hash into the stream's key. `ab/c` and `a/bc` have one hash, so the two modules drop the same
units, or begin with the same weights.

## Example

```python
import flax.linen as nn
import jax


class Branch(nn.Module):
    layer: str

    @nn.compact
    def __call__(self, x):
        return nn.Dropout(0.5, deterministic=False, name=self.layer)(x)


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return Branch("c", name="ab")(x) + Branch("bc", name="a")(x)


x = jax.numpy.ones(8)
Net().apply({}, x, rngs={"dropout": jax.random.key(0)})
```

## Use instead

```python
import flax.linen as nn
import jax


class Branch(nn.Module):
    layer: str

    @nn.compact
    def __call__(self, x):
        return nn.Dropout(0.5, deterministic=False, name=self.layer)(x)


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return Branch("drop", name="left")(x) + Branch("drop", name="right")(x)


x = jax.numpy.ones(8)
Net().apply({}, x, rngs={"dropout": jax.random.key(0)})
```

## Limits

Lint does not see it in modules, whose names are put together while the model runs. The audit sees it
only where both modules draw, and only for the names of that run.

## Fix safety

There is no automatic repair.

## Sources

`_fold_in_static` of flax/core/scope.py, and the flag `FLAX_FIX_RNG_SEPARATOR`, flax 0.12.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._evidence.pairs import Pair
from keystream._findings import Finding, Severity
from keystream._lint.libraries.paths import is_part_of_path
from keystream._lint.module import Module, finding
from keystream._lint.places import of_chain
from keystream._lint.symbols import Leaf, Path, Symbol

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning"
EVIDENCE = ("lineage",)
MISTAKE = "two modules whose paths get one key"

SELDOM_READ = True  # the paths of a model's modules are put together while it runs


def read(module: Module) -> Iterator[Finding]:
    """Keys of a tree's leaves that are folded with a part of the path, which other leaves share."""
    folds = list(module.seen("fold"))
    parents = {fact.data["key"] for fact in folds}
    for fact in folds:
        datum, key = fact.data["datum"], fact.data["key"]
        if fact.data["child"] in parents:
            continue  # another part is folded in after this one
        if is_part_of_path(datum) and not _tells_leaves_apart(key):
            yield finding(
                "KS104",
                "warning",
                fact.site,
                message="the key of a leaf is folded with one part of its path",
                why="leaves of one name in different layers get one key, so equally shaped ones "
                "draw the same",
                fix="fold the whole path:\nname = jax.tree_util.keystr(path)\n"
                "key = jax.random.fold_in(key, zlib.crc32(name.encode()))",
                inner=of_chain(fact.site, fact.chain),
            )


def _tells_leaves_apart(key: object) -> bool:
    """Whether a key was derived for this leaf before."""
    return isinstance(key, Symbol) and (
        isinstance(key, Path | Leaf) or any(map(_tells_leaves_apart, key.args))
    )


RANK = 70


def holds(pair: Pair) -> Severity | None:
    """Draws of two modules of one model from a key that Flax made of their paths.

    Flax's paths begin below the model, so two models that get one key have equal paths in them: what
    collides is cut in other places, and reads the same without its cuts.
    """
    one, other = (use.at.module_path.split("/")[1:] for use in (pair.first, pair.second))
    cut = one != other and "".join(one) == "".join(other)
    return "error" if pair.hashed and cut else None


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS104 that the evidence of a run shows."""
    for found in verdicts(recording, "KS104"):
        yield found.finding(
            f"two modules drew from one key; one of them is {found.module_path}",
            why="Flax hashes a module's path without separators, so ab/c and a/bc get one key",
            fix="rename one of the modules, or set FLAX_FIX_RNG_SEPARATOR=1",
        )
