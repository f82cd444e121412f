"""Haiku: a NamedTuple holds the key, which each update splits."""

from typing import NamedTuple

import haiku as hk
import jax
import jax.numpy as jnp


class TrainingState(NamedTuple):
    params: hk.Params
    rng_key: jax.Array  # split on each update


@hk.transform
def forward(x):
    kept = hk.dropout(hk.next_rng_key(), 0.5, jnp.ones(16))
    return hk.Linear(1)(x * kept).mean(), kept


def main():
    @jax.jit
    def update(state: TrainingState, x):
        dropout_key, next_key = jax.random.split(state.rng_key)
        grads, kept = jax.grad(forward.apply, has_aux=True)(state.params, dropout_key, x)
        params = jax.tree.map(lambda p, g: p - 0.1 * g, state.params, grads)
        return TrainingState(params, next_key), kept

    x = jnp.ones((4, 16))
    rng = jax.random.key(1)
    rng, init_rng = jax.random.split(rng)
    state = TrainingState(forward.init(init_rng, x), rng)
    masks, scores = [], []
    for step in range(4):
        state, kept = update(state, x)
        masks.append(kept)
        if step % 2:
            scores.append(x + 0.1 * jax.random.normal(state.rng_key, x.shape))
    return masks


masks = main()
