"""Differences of a cost along equal paths, in each direction; the cost is printed on these paths too."""

import jax
import jax.numpy as jnp


@jax.jit
def cost(theta, keys):
    demand = jax.vmap(lambda key: jax.random.uniform(key, (5,)))(keys)
    return ((demand - theta.sum()) ** 2).mean()


def slope(theta, keys):
    found = []
    for i in range(2):
        moved = jnp.zeros(2).at[i].set(0.1)
        found.append((cost(theta + moved, keys) - cost(theta - moved, keys)) / 0.2)
    return jnp.stack(found)


key = jax.random.key(3)
theta = jnp.ones(2)
for step in range(3):
    key, path_key = jax.random.split(key)
    paths = jax.random.split(path_key, 4)
    theta = theta - 0.1 * slope(theta, paths)
    print(f"step {step}: {float(cost(theta, paths)):.3f}")
