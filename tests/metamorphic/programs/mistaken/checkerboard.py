# about: a function's name contains "check", its key is used twice
import jax
import jax.numpy as jnp


def checkerboard(key, n):
    noise = jax.random.normal(key, (n, n))  # or: KS101
    flips = jax.random.bernoulli(key, 0.1, (n, n))  # expect: KS101
    grid = jnp.indices((n, n)).sum(0) % 2
    return jnp.where(flips, 1 - grid, grid) + 0.1 * noise


image = checkerboard(jax.random.key(2), 8)
print(image.mean())
