"""The inner vmap shares the key of its row."""

import jax
import jax.numpy as jnp


def pixel(x, key):
    return x + jax.random.normal(key)  # -> KS303


@jax.jit
def image(rows, keys):
    return jax.vmap(jax.vmap(pixel, in_axes=(0, None)))(rows, keys)


print(image(jnp.zeros((3, 4)), jax.random.split(jax.random.key(0), 3)))
