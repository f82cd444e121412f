"""Dropout that is off while the program trains.

## What it does

Finds dropout that is deterministic where a gradient is taken, a flag wired to its opposite, and a
model left in evaluation or inference mode. Lint reads flags and modes; the audit observes every
call of a dropout layer and whether it was differentiated.

## Why it matters

Nothing is dropped in training, so the layer does nothing; with an inverted flag it drops in
evaluation too. The loss goes down faster, and nobody complains.

## Example

```python
import flax.linen as nn
import jax


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        return nn.Dense(1)(nn.Dropout(0.5, deterministic=train)(x))


model, x = Net(), jax.numpy.ones((4, 3))


def loss(variables, key):
    return model.apply(variables, x, train=True, rngs={"dropout": key}).mean()


params_key, init_key, key = jax.random.split(jax.random.key(0), 3)
variables = model.init({"params": params_key, "dropout": init_key}, x, train=True)
gradient = jax.grad(loss)(variables, key)
```

## Use instead

```python
import flax.linen as nn
import jax


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        return nn.Dense(1)(nn.Dropout(0.5, deterministic=not train)(x))


model, x = Net(), jax.numpy.ones((4, 3))


def loss(variables, key):
    return model.apply(variables, x, train=True, rngs={"dropout": key}).mean()


params_key, init_key, key = jax.random.split(jax.random.key(0), 3)
variables = model.init({"params": params_key, "dropout": init_key}, x, train=True)
gradient = jax.grad(loss)(variables, key)
```

## Limits

Lint knows a flag by its name, such as `train` or `is_training`. The audit reports a model none of
whose dropout layers drew under a gradient: one that freezes a single layer is fine. A rate of 0 is
taken as meant. Dropout made by hand of `bernoulli` has no flag to observe.

## Fix safety

Unsafe: an inverted flag is negated, which changes what is drawn. Other forms are left to you.

## Sources

`flax.linen.Dropout`, flax 0.12.12; `equinox.nn.Dropout`, equinox 0.13.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding
from keystream._lint.places import of_chain

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "error, warning"
EVIDENCE = ("frameworks",)
MISTAKE = "dropout that is off in training, or its flag inverted"


def read(module: Module) -> Iterator[Finding]:
    """Dropout that is off while the program trains."""
    told: set[tuple[str, int]] = set()
    for fact in module.seen("flag_inverted"):
        flag, value = fact.data["flag"], fact.data["value"]
        told.add((fact.site.path, fact.site.line))
        yield finding(
            "KS602",
            "error",
            fact.site,
            message=f"{flag}={value} switches dropout off in training and on in evaluation",
            why=f"{flag}=True means that nothing is dropped",
            fix=f"{_told(value)}:\n{flag}={fact.data['other']}",
        )
    for fact in module.seen("flag_of_text"):
        yield finding(
            "KS602",
            "warning",
            fact.site,
            message=f"{fact.data['option']} is parsed by bool(), which is True for any text",
            why="what is given as False switches the mode on all the same, so the model runs in "
            "the mode that was not asked for",
            fix='parse a flag:\nparser.add_argument("--deterministic", '
            "action=argparse.BooleanOptionalAction)",
        )
    for fact in module.seen("off_in_training"):
        if told and fact.data["made"] is not None:
            continue  # what the flag that is inverted leads to
        if fact.site.node in module.facts.trained:
            continue  # it draws under another gradient, or beside: the target of what is trained
        yield finding(
            "KS602",
            "warning",
            fact.site,
            message=f"{_layer(fact.data['layer'])} is deterministic where a gradient is taken",
            why="nothing is dropped in training, so the layer does nothing",
            fix='train in training mode:\nmodel.apply(variables, x, train=True, rngs={"dropout": key})',
        )
    for fact in module.seen("trains_in_inference", "trains_in_eval"):
        switched = fact.data["switched"] or fact.site
        yield finding(
            "KS602",
            "warning",
            switched,
            message="a gradient is taken at line "
            f"{fact.site.line} of a model that is in inference mode",
            why="nothing is dropped in training, so the dropout layers do nothing",
            fix="keep the inference copy apart:\nevaluated = eqx.nn.inference_mode(model)"
            if fact.kind == "trains_in_inference"
            else "switch back before training:\nmodel.train()",
            related=(fact.site.location("the gradient"),),
            inner=of_chain(switched, fact.chain),
        )


def _told(value: str) -> str:
    return "drop the negation" if value.startswith("not ") else "negate the flag"


def _layer(name: str) -> str:
    return (
        name.replace("flax.linen.", "nn.").replace("flax.nnx.", "nnx.").replace("equinox.", "eqx.")
    )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS602 that the evidence of a run shows."""
    for found in verdicts(recording, "KS602"):
        rate = found.facts["rate"]
        elsewhere = ", and draws where it is not" if found.facts["elsewhere"] else ""
        elsewhere = ", and other layers do" if "beside" in found.facts else elsewhere
        layer, ceased = found.facts["layer"], found.facts["ceased"]
        yield found.finding(
            f"{layer} (rate {rate}) no longer draws in a training step in which it drew before"
            if ceased
            else f"{layer} (rate {rate}) never draws where the model is differentiated{elsewhere}",
            why="training runs without the regularisation that the model declares",
            fix=_fix(layer, ceased=ceased),
        )


def _fix(layer: str, *, ceased: bool) -> str:
    if "haiku" in layer:
        return "train in training mode:\nmodel.apply(params, key, x, is_training=True)"
    if "nnx" in layer:
        return "switch to training before each epoch:\nmodel.train()"
    if ceased:
        return "train the model, evaluate a copy:\nevaluated = eqx.nn.inference_mode(model)"
    if "equinox" in layer:
        return "make or switch the model for training:\nmodel = eqx.nn.inference_mode(model, False)"
    return "pass the flag the right way round:\nDropout(rate, deterministic=not train)"
