"""Dropout that is off while the program trains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


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
            fix=f"negate the flag:\n{flag}=not {value.removeprefix('not ')}"
            if not value.startswith("not ")
            else f"drop the negation:\n{flag}={value.removeprefix('not ')}",
        )
    if told:
        return
    for fact in module.seen("off_in_training", tests=False):
        yield finding(
            "KS602",
            "warning",
            fact.site,
            message=f"{_layer(fact.data['layer'])} is deterministic where a gradient is taken",
            why="nothing is dropped in training, so the layer does nothing",
            fix='train in training mode:\nmodel.apply(variables, x, train=True, rngs={"dropout": key})',
        )
    for fact in module.seen("trains_in_inference", "trains_in_eval", tests=False):
        yield finding(
            "KS602",
            "warning",
            fact.site,
            message="a gradient is taken of a model that is in inference mode",
            why="nothing is dropped in training, so the dropout layers do nothing",
            fix="keep the inference copy apart:\nevaluated = eqx.nn.inference_mode(model)"
            if fact.kind == "trains_in_inference"
            else "switch back before training:\nmodel.train()",
        )


def _layer(name: str) -> str:
    return (
        name.replace("flax.linen.", "nn.").replace("flax.nnx.", "nnx.").replace("equinox.", "eqx.")
    )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS602 that the evidence of a run shows."""
    for found in verdicts(recording, "KS602"):
        rate = found.facts["rate"]
        elsewhere = ", and draws where it is not" if found.facts["elsewhere"] else ""
        yield found.finding(
            f"{found.facts['layer']} (rate {rate}) never draws where the model is "
            f"differentiated{elsewhere}",
            why="training runs without the regularisation that the model declares",
            fix="pass the flag the right way round:\nDropout(rate, deterministic=not train)",
        )
