"""Three runs, two of them with one seed, to show that the seed decides the outcome."""

import jax
import jax.numpy as jnp


@jax.jit
def step(w, key):
    return w + jax.random.normal(key, w.shape)


outcomes = []
for seed in (0, 0, 1):
    key, w = jax.random.key(seed), jnp.zeros(3)
    for _ in range(3):
        key, sub = jax.random.split(key)
        w = step(w, sub)
    outcomes.append(w.tolist())
print("same seed, same outcome:", outcomes[0] == outcomes[1])
