"""Each member is trained for a seed of its own, which nothing reads."""

import jax
import jax.numpy as jnp


def train(seed):
    key = jax.random.key(0)  # -> KS106
    w = jnp.ones(3)
    for _ in range(3):
        key, noise_key = jax.random.split(key)
        w = update(w, noise_key)
    return w


@jax.jit
def update(w, key):
    return w - 0.1 * jax.random.normal(key, w.shape)


members = []
for seed in range(3):
    members.append(train(seed))
print(jnp.stack(members).std(0))
