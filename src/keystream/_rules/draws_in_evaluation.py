"""Dropout that is on while the program evaluates.

## What it does

Finds a draw of dropout in a function that evaluates. Lint follows the calls of such a function; the
audit sees masks drawn there at a line where training draws them too.

## Why it matters

The figures are those of a network with units dropped at random, not of the whole network, and where
the key is a new one they differ from call to call.

## Example

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


def evaluate(variables, key):
    return model.apply(variables, x, train=True, rngs={"dropout": key}).mean()


params_key, train_key, eval_key = jax.random.split(jax.random.key(0), 3)
variables = model.init(params_key, x, train=False)
gradient = jax.grad(loss)(variables, train_key)
mean = evaluate(variables, eval_key)
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


def evaluate(variables):
    return model.apply(variables, x, train=False).mean()


params_key, train_key = jax.random.split(jax.random.key(0))
variables = model.init(params_key, x, train=False)
gradient = jax.grad(loss)(variables, train_key)
mean = evaluate(variables)
```

## Limits

Lint knows that a function evaluates by its name (`evaluate`, `accuracy`, `validate`). The audit sees
masks drawn without a gradient, at a line where training draws them too, in a call whose result the
training does not go on with. One input that is given several keys is sampled from on purpose, and left
alone. Where training and evaluation share no line that draws, the audit is silent.

## Fix safety

There is no automatic repair.

## Sources

`flax.linen.Dropout`, flax 0.12.12; `equinox.nn.inference_mode`, equinox 0.13.8.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.judged import line
from keystream._audit.verdicts import verdicts
from keystream._evidence.names import chain_at
from keystream._findings import Finding, Location
from keystream._judge.rewriting import rewritten, statement_at
from keystream._judge.wording import framework
from keystream._lint.facts import Site
from keystream._lint.module import Module, finding
from keystream._lint.places import of_chain

if TYPE_CHECKING:
    from keystream._audit.recording import Recording

SEVERITIES = "warning"
EVIDENCE = ("lineage", "source")
MISTAKE = "dropout that is on in evaluation"


def read(module: Module) -> Iterator[Finding]:
    """Dropout that is on while the program evaluates."""
    if next(module.seen("flag_inverted"), None) is not None:
        return  # the flag itself is the mistake
    for fact in module.seen("draws_in_evaluation"):
        drawn = fact.data["drawn"]
        if not fact.data["named"] and drawn.node not in module.facts.trained:
            continue  # nothing here trains it: there may be no other mode
        yield finding(
            "KS601",
            "warning",
            fact.site,
            message=f"{_what(fact.site)} runs the model in training mode: "
            f"{fact.data['layer']} at line "
            f"{drawn.line} draws",
            why="the figures of the evaluation are those of a thinned network, not of the whole one",
            fix=_fix(
                _FRAMEWORKS.get(fact.data["layer"].partition(".")[0], ""), fact.site.location()
            ),
            related=(drawn.location("the draw"),),
            inner=of_chain(fact.site, fact.chain),
        )


def _what(site: Site) -> str:
    """The function that evaluates, or the figure that is computed."""
    return f"`{site.target}`" if site.function == "<module>" else f"{site.function}()"


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS601 that the evidence of a run shows."""
    for found in verdicts(recording, "KS601"):
        place, site = found.facts["place"], found.facts["site"]
        yield found.finding(
            f"dropout drew where no gradient is taken, at {line(place)}",
            why="what is measured is a network with units dropped at random, not the whole one",
            fix=_fix(framework(site), place),
        )


_FRAMEWORKS = {"nn": "linen", "nnx": "nnx", "eqx": "equinox", "hk": "haiku", "keras": "keras"}
_MODES = {
    "linen": "evaluate with the flag that switches dropout off:\n"
    "model.apply(variables, x, train=False)",
    "nnx": "evaluate in evaluation mode, and switch back before training goes on:\n"
    "model.eval()   # and model.train()",
    "equinox": "evaluate a copy in inference mode:\nevaluated = eqx.nn.inference_mode(model)",
    "haiku": "evaluate with the flag that switches dropout off:\n"
    "transformed.apply(params, None, x, is_training=False)",
    "keras": "evaluate with the flag that switches dropout off:\nmodel(x, training=False)",
}
_FLAGS = {
    "train": True,
    "training": True,
    "is_training": True,
    "deterministic": False,
    "inference": False,
}


def _fix(kind: str, place: Location) -> str:
    """The line with its flag turned round; without one, how the framework switches dropout off."""
    node = statement_at(place)
    call = chain_at(node, place) if node is not None else None
    for each in ast.walk(call) if call is not None else ():
        match each:
            case ast.keyword(
                arg=str() as flag, value=ast.Constant(value=bool() as on) as value
            ) if _FLAGS.get(flag) is on:
                text = rewritten(
                    place.path, [node] if node is not None else [], {value: str(not on)}
                )
                return f"switch dropout off where the model is evaluated:\n{text}"
            case _:
                pass
    return _MODES.get(kind, "draw no mask where the model is evaluated")
