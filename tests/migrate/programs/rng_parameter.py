"""A function with a parameter called `rng`, which trains an epoch; all epochs are given one key."""

import jax
import jax.numpy as jnp


@jax.jit
def train_step(w, rng, x):
    keep = jax.random.bernoulli(rng, 0.5, x.shape)
    return w + jnp.where(keep, 0.1, 0.0).mean(), keep


def train_epoch(w, rng, loader):
    """Train one epoch."""
    found = []
    # each batch has a mask of its own
    for batch_idx, x in enumerate(loader):
        rng, drop_rng = jax.random.split(rng)
        w, keep = train_step(w, drop_rng, x)
        found.append(keep)
    return w, found


def main(seed):
    key = jax.random.PRNGKey(seed)
    key, rng, train_rng = jax.random.split(key, num=3)
    w, masks = jax.random.normal(rng), []
    for epoch in range(2):
        w, found = train_epoch(w, train_rng, [jnp.ones(16)] * 3)
        masks += found
    return masks


masks = main(3)
