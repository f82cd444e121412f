"""A compiled loop observes its state with one key: all observations have the same noise."""

import jax
import jax.numpy as jnp


@jax.jit
def simulate(x, keys, noise):
    def step(x, key):
        x = 0.9 * x + jax.random.normal(key, x.shape)
        return x, x[:2] + jax.random.uniform(noise, (2,))  # -> KS203

    return jax.lax.scan(step, x, keys)[1]


key, noise = jax.random.split(jax.random.key(0))
print(simulate(jnp.ones(3), jax.random.split(key, 5), noise))
