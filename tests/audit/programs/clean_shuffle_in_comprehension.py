"""Arrays of several shapes are permuted alike in a comprehension, anew in each epoch."""

import jax
import jax.numpy as jnp


def shuffle_together(key, *arrays):
    return [jax.random.permutation(key, array) for array in arrays]


first_key, key = jax.random.split(jax.random.key(0))
x, y, weights = jax.random.normal(first_key, (12, 4)), jnp.arange(12.0), jnp.ones(12)
for _ in range(5):
    key, epoch_key = jax.random.split(key)
    xs, ys, ws = shuffle_together(epoch_key, x, y, weights)
    print(float(xs.sum()), ys, ws)
