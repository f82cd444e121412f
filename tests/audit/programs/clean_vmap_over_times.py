"""One random path, looked up at many times, and one noisy objective at many settings."""

import jax
import jax.numpy as jnp


def path(key, t):
    """A random Fourier path: all its times are of one set of coefficients."""
    weights = jax.random.normal(key, (16,))
    return jnp.sum(weights * jnp.sin(jnp.arange(1, 17) * t))


def objective(key, theta):
    return jnp.mean((theta - jax.random.normal(key, (64,))) ** 2)


key, other = jax.random.split(jax.random.key(0))
xs = jax.vmap(lambda t: path(key, t))(jnp.linspace(0.0, 1.0, 8))
losses = jax.jit(jax.vmap(objective, in_axes=(None, 0)))(other, jnp.linspace(-1.0, 1.0, 5))
print(xs.sum(), losses.argmin())
