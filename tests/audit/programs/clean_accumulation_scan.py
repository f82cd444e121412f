"""Microbatches in a scan, each with a key of its own; the loss is rematerialised."""

import jax
import jax.numpy as jnp


@jax.jit
def step(w, xs, key):
    @jax.checkpoint
    def loss(w, x, key):
        return jnp.mean(jnp.where(jax.random.bernoulli(key, 0.5, x.shape), x, 0.0) @ w)

    def micro(total, inputs):
        return total + jax.grad(loss)(w, *inputs), None

    keys = jax.random.split(key, xs.shape[0])
    return w - 0.1 * jax.lax.scan(micro, jnp.zeros_like(w), (xs, keys))[0]


key, w, xs = jax.random.key(0), jnp.ones(3), jnp.ones((4, 2, 3))
for number in range(2):
    w = step(w, xs, jax.random.fold_in(key, number))
print(w)
