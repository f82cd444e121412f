"""A trainer draws new noise in each step, and scores itself with one key at the end of each epoch."""

import jax
import jax.numpy as jnp


class Trainer:
    def __init__(self, key):
        first, self.key, self.score_key = jax.random.split(key, 3)
        self.w, self.best = jax.random.normal(first, (4,)), -jnp.inf

    def step(self, batch):
        self.key, sub = jax.random.split(self.key)
        noisy = batch + jax.random.normal(sub, batch.shape)
        self.w = self.w - 0.1 * jax.grad(lambda w: jnp.mean((noisy @ w) ** 2))(self.w)

    def score(self):
        return -float(jnp.mean((jax.random.normal(self.score_key, (8, 4)) @ self.w) ** 2))

    def epoch(self, batches):
        for batch in batches:
            self.step(batch)
        score = self.score()
        self.best = max(self.best, score)
        return score


trainer = Trainer(jax.random.key(0))
for epoch in range(3):
    score = trainer.epoch(jnp.ones((2, 3, 4)))
    print(epoch, score)
