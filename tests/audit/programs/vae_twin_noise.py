"""The encoder's noise and the decoder's dropout share a key, through a closure."""

import jax
import jax.numpy as jnp


def encode(w, x, key):
    return x @ w + jax.random.normal(key, (x.shape[0], w.shape[1]))


def decode(w, z, key):
    keep = jax.random.bernoulli(key, 0.8, z.shape)  # -> KS101
    return jnp.where(keep, z, 0.0) @ w.T


@jax.jit
def step(w, x, key):
    def loss(w):
        return jnp.mean((decode(w, encode(w, x, key), key) - x) ** 2)

    return w - 0.1 * jax.grad(loss)(w)


key = jax.random.key(0)
w, x = jnp.ones((4, 2)), jnp.ones((8, 4))
for _ in range(2):
    key, sub = jax.random.split(key)
    w = step(w, x, sub)
print(w.sum())
