"""Each number of states is tried from the same few seeds, and the best of all is kept."""

import jax
import jax.numpy as jnp
import numpy as np

data = jnp.arange(8.0)
scores, models = [], []
for states in range(2, 5):
    for seed in range(3):
        centre_key, spread_key = jax.random.split(jax.random.key(seed))
        weights = jax.random.normal(centre_key, (states,))
        spread = jax.random.uniform(spread_key, (states,))
        for _ in range(3):
            weights = weights - 0.1 * (weights - spread - data[:states])
        scores.append(-float(((weights - data[:states]) ** 2).sum()))
        models.append(weights)
print(models[int(np.argmax(scores))])
