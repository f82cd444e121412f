"""Rematerialised, scanned layers with a backward pass that draws its masks again."""

from functools import partial

import jax
import jax.numpy as jnp


@partial(jax.custom_vjp, nondiff_argnums=())
def drop(x, key):
    return jnp.where(jax.random.bernoulli(key, 0.5, x.shape), x, 0.0)


drop.defvjp(
    lambda x, key: (drop(x, key), key),
    lambda key, g: (jnp.where(jax.random.bernoulli(key, 0.5, g.shape), g, 0.0), None),
)


@jax.jit
def step(w, x, key):
    @jax.checkpoint
    def layer(x, inputs):
        w, key = inputs
        return drop(jnp.tanh(x @ w), key), None

    def loss(w):
        return jax.lax.scan(layer, x, (w, jax.random.split(key, w.shape[0])))[0].sum()

    return w - 0.1 * jax.grad(loss)(w)


key, w, x = jax.random.key(0), jnp.ones((3, 4, 4)), jnp.ones((2, 4))
for _ in range(2):
    key, sub = jax.random.split(key)
    w = step(w, x, sub)
