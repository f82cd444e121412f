"""A model run in training mode without the stream that it draws from.

## What it does

Finds a call that draws from a stream it was not given. Lint follows the call into the model; the
audit reads the error that ends the program, also of NNX, Equinox and Haiku.

## Why it matters

Flax refuses to go on, often late: in the first step of training, or in the one branch that nobody
had tried.

## Example

```python
import flax.linen as nn
import jax


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        return nn.Dropout(0.5, deterministic=not train)(nn.Dense(8)(x))


model, x = Net(), jax.numpy.ones((2, 3))
params_key, dropout_key = jax.random.split(jax.random.key(0))
variables = model.init(params_key, x, train=False)
y = model.apply(variables, x, train=True)
```

```text
flax.errors.InvalidRngError: Dropout_0 needs PRNG for "dropout" (https://flax.readthedocs.io/en/latest/api_reference/flax.errors.html#flax.errors.InvalidRngError)
```

## Use instead

```python
import flax.linen as nn
import jax


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        return nn.Dropout(0.5, deterministic=not train)(nn.Dense(8)(x))


model, x = Net(), jax.numpy.ones((2, 3))
params_key, dropout_key = jax.random.split(jax.random.key(0))
variables = model.init(params_key, x, train=False)
y = model.apply(variables, x, train=True, rngs={"dropout": dropout_key})
```

## Limits

Lint sees models whose class it can read, called with streams it can read; of another model it says so
where the call has `deterministic=False`, or where a key was made beside it that nothing reads. In
training, a parameter that is named as a key counts as one. The audit reports the error of the run and
no other; one that the program catches is not reported.

## Fix safety

There is no automatic repair.

## Sources

`flax.errors.InvalidRngError`, flax 0.12.12.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.draws import nearest
from keystream._lint.facts import Fact, Key
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning"
EVIDENCE = ("errors",)
MISTAKE = "a stream that was not given: served from another, or refused"


def read(module: Module) -> Iterator[Finding]:
    """A model run in training mode without the stream that it draws from."""
    wrong = {fact.site.node for fact in module.seen("rng_keyword")}
    for fact in module.seen("missing_rngs"):
        stream, drawn = fact.data["stream"], fact.data["drawn"]
        if fact.site.node in wrong or nearest(stream, fact.data["given"]):
            continue
        yield finding(
            "KS405",
            "error",
            fact.site,
            message=f"{fact.data['kind']} is called without the stream {stream!r}, which line "
            f"{drawn.line} draws from",
            why="Flax raises InvalidRngError here",
            fix=f'give the stream:\nmodel.apply(variables, x, rngs={{"{stream}": {stream}_key}})',
            related=(drawn.location(f"the draw from {stream!r}"),),
            stream=stream,
        )

    yield from _unknown(module)


def _unknown(module: Module) -> Iterator[Finding]:
    """Calls of a model that is not known, with a key beside it that nothing reads."""
    for fact in module.seen("apply_without_rngs"):
        unread = _unread_around(module, fact)
        if unread is None and not fact.data["drops"]:
            continue
        beside = f", and nothing reads the key `{unread.name}`" if unread is not None else ""
        flag = " with deterministic=False" if fact.data["drops"] else ""
        yield finding(
            "KS405",
            "warning",
            fact.site,
            message=f"{fact.site.text}() is called{flag} without streams{beside}",
            why="a model that draws fails with InvalidRngError, and the key was likely made for it",
            fix='give the stream:\nmodel.apply(variables, x, rngs={"dropout": dropout_key})',
            related=() if unread is None else (unread.site.location("the key that nothing reads"),),
            stream="dropout",
        )


def _unread_around(module: Module, fact: Fact) -> Key | None:
    """A key that nothing reads, bound in one of the functions around a call.

    What is a key by its name alone counts where the call stands in training: evaluation often takes a
    key because an interface has one. So does a loss; a parameter has to be of the function around it.
    """
    line = fact.site.line
    for unread in module.facts.unread_keys:
        around = unread.around
        last = getattr(around, "end_lineno", None) or 0
        is_own = isinstance(unread.site.node, ast.arg) and around is fact.site.around
        if not unread.made and (is_own or not fact.data["trains"]):
            continue
        inside = getattr(around, "lineno", 0) <= line <= last
        if inside and unread.site.path == fact.site.path:
            return unread
    return None


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS405 that the evidence of a run shows."""
    for found in verdicts(recording, "KS405"):
        name = found.facts["name"]
        stream = f"stream {name}" if name else "a key"
        yield found.finding(
            f"{stream} is missing: {found.facts['text']}",
            why="what draws was called without randomness to draw from",
            fix=f"model.apply(variables, x, rngs={{{name!r}: key}})"
            if name
            else "give the call a key of its own: an argument `key`, `rng` or `rngs`, or NumPyro's\n"
            "numpyro.handlers.seed(model, key)",
        )
