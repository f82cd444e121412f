"""Which streams `init` and `apply` of the dropout model draw from, at which module paths, and why."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import jax.numpy as jnp
from jax.typing import ArrayLike

from keystream.dropout_model import DropoutModel
from keystream.linen import Needs, needs


@dataclass(frozen=True)
class Explanation:
    """What one run of the exercise draws from.

    Args:
        needs: the streams of `init` and of `apply`, with the module paths that draw from them.
        why: sentences on both, in the order of reading.
    """

    needs: Needs
    why: tuple[str, ...]

    def __str__(self) -> str:
        sentences = [
            textwrap.fill(sentence, 80, initial_indent="- ", subsequent_indent="  ")
            for sentence in self.why
        ]
        return "\n".join([str(self.needs), "", *sentences])

    def to_json(self) -> dict[str, object]:
        """The explanation as values that `json` writes."""
        return {**self.needs.to_json(), "why": list(self.why)}


def explain(x: ArrayLike, drop_rate: float, deterministic: bool) -> Explanation:
    """Ask Flax, without computing anything, which streams the exercise's two calls use.

    Args:
        x: numbers, shape ``(n,)``.
        drop_rate: the probability of dropping a value, in [0, 1].
        deterministic: the flag that `apply` gets; `init` always runs with False.

    Returns:
        The streams of both calls, with the reasons.
    """
    model = DropoutModel(drop_rate)
    vector = jnp.asarray(x)
    init = needs(model, vector, deterministic=False).init
    apply = needs(model, vector, deterministic=deterministic).apply
    why = (
        "init draws the dense layer's weights from 'params', with seed.",
        _why_init(drop_rate),
        _why_apply(drop_rate, deterministic),
    )
    return Explanation(Needs(init, apply), why)


def _why_init(rate: float) -> str:
    if 0.0 < rate < 1.0:
        return (
            "init also runs the layers once with deterministic=False, so Dropout draws a mask from "
            "'dropout', with dropout_seed, and throws it away; without that key Flax would use "
            "'params' in silence."
        )
    return f"init draws no mask: rate {rate:g} leaves nothing to chance."


def _why_apply(rate: float, deterministic: bool) -> str:
    if deterministic:
        return "apply has deterministic=True: Dropout hands its input on, and needs no key."
    if 0.0 < rate < 1.0:
        return "apply has deterministic=False: Dropout draws its mask from 'dropout', with dropout_seed."
    return f"apply draws no mask: rate {rate:g} leaves nothing to chance."
