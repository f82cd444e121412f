"""All members of a population meet the same episodes, and are ranked."""

import jax
import jax.numpy as jnp


def fitness(w, keys):
    return jax.vmap(lambda key: (w * jax.random.normal(key, w.shape)).sum())(keys).mean()


@jax.jit
def generation(w, key):
    noise_key, episode_key = jax.random.split(key)
    noise = jax.random.normal(noise_key, (6, 3))
    episodes = jax.random.split(episode_key, 4)
    score = jax.vmap(lambda each: fitness(w + each, episodes))(noise)
    rank = jnp.argsort(jnp.argsort(score)) / 5 - 0.5
    return w + 0.1 * rank @ noise


w = jnp.ones(3)
for g in range(3):
    w = generation(w, jax.random.fold_in(jax.random.key(1), g))
print(w)
