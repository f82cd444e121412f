"""A fixed batch of noise is drawn once and looked at in every epoch."""

import jax
import jax.numpy as jnp

key, k_fixed = jax.random.split(jax.random.key(0))
fixed = jax.random.normal(k_fixed, (4, 2))


@jax.jit
def step(w, key):
    z = jax.random.normal(key, (8, 2))
    return w - 0.1 * jax.grad(lambda w: jnp.mean((z @ w) ** 2))(w)


w = jnp.ones((2, 2))
for _ in range(3):
    key, sub = jax.random.split(key)
    w = step(w, sub)
    print((fixed @ w).mean())
