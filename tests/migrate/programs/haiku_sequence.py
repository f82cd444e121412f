"""Haiku: a sequence of keys."""

import haiku as hk
import jax
import jax.numpy as jnp


@hk.transform
def forward(x):
    kept = hk.dropout(hk.next_rng_key(), 0.5, jnp.ones(16))
    return hk.Linear(1)(x * kept).mean(), kept


x = jnp.ones((4, 16))
rng_seq = hk.PRNGSequence(5)
params = forward.init(next(rng_seq), x)
apply = jax.jit(forward.apply)
masks = []
done = 0
while done < 4:
    loss, kept = apply(params, next(rng_seq), x)
    masks.append(kept)
    done += 1
