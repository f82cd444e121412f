# about: a sweep trains once for each rate, each time from the declared seed
import jax
import jax.numpy as jnp

SEED = 0


@jax.jit
def step(w, x, key, rate):
    keep = jax.random.bernoulli(key, 1 - rate, x.shape)
    return w + 0.1 * (jnp.where(keep, x, 0.0).mean(0) - w)


def train(rate, seed):
    key = jax.random.key(seed)
    w = jnp.zeros(4)
    for i in range(4):
        key, step_key = jax.random.split(key)
        w = step(w, jnp.full((8, 4), 1.0 + i), step_key, rate)
    return w


results = {rate: float(train(rate, SEED).sum()) for rate in (0.1, 0.3, 0.5)}
for rate, total in results.items():
    print(rate, total)
