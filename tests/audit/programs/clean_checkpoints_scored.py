"""Each checkpoint of an experiment is scored on one frozen draw, and logged with its step."""

import jax
import jax.numpy as jnp
import numpy as np


@jax.jit
def train(w, key):
    return w - 0.1 * jax.random.normal(key, w.shape)


@jax.jit
def score(w, key):
    return jnp.square(w + jax.random.normal(key, w.shape)).mean()


class Experiment:
    def __init__(self):
        self.train_key, self.score_key = jax.random.split(jax.random.key(9))
        self.w = jnp.ones(3)
        self.history = {"step": [], "score": []}

    def checkpoint(self, step):
        self.history["step"].append(step)
        self.history["score"].append(np.asarray(score(self.w, self.score_key)))

    def run(self):
        for step in range(4):
            self.w = train(self.w, jax.random.fold_in(self.train_key, step))
            self.checkpoint(step)


experiment = Experiment()
experiment.run()
print(np.mean(experiment.history["score"]))
