"""A jitted layer is called three times with the same key inside a jitted step."""

import jax
import jax.numpy as jnp


@jax.jit
def layer(x, key):
    return jnp.tanh(x) + jax.random.normal(key, x.shape)


@jax.jit
def step(x, key):
    x = layer(x, key)
    x = layer(x, key)  # -> KS101 KS201
    return x


key = jax.random.key(0)
for _ in range(2):
    key, sub = jax.random.split(key)
    print(step(jnp.zeros(3), sub))
