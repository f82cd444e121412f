"""Each variant of an ablation runs at the seeds that stand in its records."""

from typing import NamedTuple

import jax
import jax.numpy as jnp


class Variant(NamedTuple):
    name: str
    rate: float
    seed: int


@jax.jit
def run(rate, key):
    return rate * jnp.abs(jax.random.normal(key, (8,))).mean()


scores = {}
for variant in [Variant(n, r, s) for n, r in (("a", 0.1), ("b", 0.2)) for s in (0, 1)]:
    score = float(run(variant.rate, jax.random.key(variant.seed)))
    scores.setdefault(variant.name, []).append(score)
print(scores)
