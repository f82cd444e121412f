# about: lax.map over keys
import jax
import jax.numpy as jnp


def estimate(key):
    points = jax.random.uniform(key, (50, 2))
    return 4 * jnp.mean((points**2).sum(1) < 1)


print(jax.lax.map(estimate, jax.random.split(jax.random.key(3), 6)).mean())
