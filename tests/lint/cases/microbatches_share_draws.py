"""Gradient accumulation."""

import jax
import jax.numpy as jnp


def loss(w, x, key):
    return jnp.mean(jnp.where(jax.random.bernoulli(key, 0.5, x.shape), x, 0) @ w)


def accumulate(w, micro_batches, key):
    def micro_step(total, x):
        return total + jax.grad(loss)(w, x, key), None

    return jax.lax.scan(micro_step, jnp.zeros_like(w), micro_batches)[0]  # KS304


def accumulate_folded(w, micro_batches, key):
    def micro_step(total, ix):
        i, x = ix
        return total + jax.grad(loss)(w, x, jax.random.fold_in(key, i)), None

    steps = (jnp.arange(len(micro_batches)), micro_batches)
    return jax.lax.scan(micro_step, jnp.zeros_like(w), steps)[0]
