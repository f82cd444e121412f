"""A gradient through scanned steps under one mask that is drawn before the loop, as is meant."""

import jax
import jax.numpy as jnp


@jax.jit
def step(w, x, key):
    def loss(w):
        mask = jax.random.bernoulli(key, 0.5, x.shape)

        def turn(x, _):
            return jnp.tanh(x @ w) * mask, None

        return jax.lax.scan(turn, x, length=4)[0].sum()

    return w - 0.1 * jax.grad(loss)(w)


w, x = jnp.eye(4), jnp.ones((2, 4))
for number in range(3):
    w = step(w, x, jax.random.fold_in(jax.random.key(0), number))
