"""A Flax dataclass as state, replaced in each step."""

import flax
import jax
import jax.numpy as jnp


@flax.struct.dataclass
class Learner:
    w: jax.Array
    rng: jax.Array


def create(rng):
    rng, w_rng = jax.random.split(rng)
    return Learner(w=jax.random.normal(w_rng), rng=rng)


@jax.jit
def step(learner, x):
    rng, noise_rng, drop_rng = jax.random.split(learner.rng, 3)
    keep = jax.random.bernoulli(drop_rng, 0.5, x.shape)
    w = learner.w + jnp.where(keep, jax.random.normal(noise_rng, x.shape), 0.0).mean()
    return learner.replace(w=w, rng=rng), keep


_, learner_key = jax.random.split(jax.random.PRNGKey(2))
learner = create(learner_key)
masks = []
for _ in range(4):
    learner, keep = step(learner, jnp.ones(16))
    masks.append(keep)
