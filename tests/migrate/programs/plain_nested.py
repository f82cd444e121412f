"""Plain JAX: epochs of a known number of steps, a noisy evaluation between them."""

import jax
import jax.numpy as jnp

EPOCHS, STEPS = 2, 3


def noisy(w, x, rng):
    keep = jax.random.bernoulli(rng, 0.5, x.shape)
    return jnp.where(keep, x, 0.0) * w


key = jax.random.PRNGKey(0)
key, w_key = jax.random.split(key)
w = jax.random.normal(w_key, (16,))
masks, scores = [], []
for _ in range(EPOCHS):
    for _ in range(STEPS):
        key, dropout_key = jax.random.split(key)
        masks.append(noisy(w, jnp.ones(16), dropout_key))
    key, sample_key = jax.random.split(key)
    scores.append(jax.random.normal(sample_key))
