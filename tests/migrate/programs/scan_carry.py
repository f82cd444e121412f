"""A training whose steps are a scan, which carries the key, in a loop of epochs."""

import jax
import jax.numpy as jnp


@jax.jit
def fit(w, rng):
    def step(carry, x):
        w, rng = carry
        rng, drop_rng = jax.random.split(rng)
        keep = jax.random.bernoulli(drop_rng, 0.5, (16,))
        return (w + jnp.where(keep, x, 0.0).mean(), rng), keep

    (w, rng), kept = jax.lax.scan(step, (w, rng), jnp.ones(3))
    return w, kept, rng


def main():
    rng = jax.random.key(9)
    rng, init_rng = jax.random.split(rng)
    w, masks = jax.random.normal(init_rng), []
    for epoch in range(2):
        w, kept, rng = fit(w, rng)
        masks.extend(kept)
    return masks


masks = main()
