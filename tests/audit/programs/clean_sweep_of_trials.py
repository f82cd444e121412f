"""Each trial of a sweep begins from declared seeds: of its data, and of its own."""

import dataclasses

import jax
import jax.numpy as jnp

DATA_SEED = 500


@dataclasses.dataclass
class Trial:
    rate: float
    seed: int

    def run(self):
        x = jax.random.normal(jax.random.key(DATA_SEED), (8, 3))
        key = jax.random.key(self.seed)
        w = jnp.ones(3)
        for step in range(3):
            mask = jax.random.bernoulli(jax.random.fold_in(key, step), 0.5, (3,))
            w = update(w, x, mask, self.rate)
        return float((x @ w).mean())


@jax.jit
def update(w, x, mask, rate):
    return w - rate * jax.grad(lambda w: ((x @ (w * mask)) ** 2).mean())(w)


def sweep(rates, seeds):
    scores = {}
    for rate in rates:
        for seed in seeds:
            scores[rate, seed] = Trial(rate=rate, seed=seed).run()
    return scores


print(sweep((0.1, 0.2), (1, 2)))
