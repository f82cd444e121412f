"""A method that takes its object a step further, and what it only looks at on the way."""

import jax
import jax.numpy as jnp


class Learner:
    def __init__(self, key):
        first, self.key, self.look_key = jax.random.split(key, 3)
        self.w = self.target = jax.random.normal(first, (3,))

    def noisy(self, x):
        return x + jax.random.normal(self.key, x.shape)

    def learn(self, x):
        noisy = self.noisy(x)
        self.w = self.w - 0.1 * jax.grad(lambda w: jnp.mean((noisy @ w) ** 2))(self.w)
        return jnp.sum(self.w**2)

    def epoch(self, x, key):
        noise = jax.random.normal(key, x.shape)
        self.w = self.w - 0.1 * jax.grad(lambda w: jnp.mean(((x + noise) @ w) ** 2))(self.w)
        return jnp.mean((jax.random.normal(self.look_key, (8, 3)) @ self.w) ** 2)


def train(x):
    learner, losses = Learner(jax.random.key(0)), []
    for _ in range(2):
        for _ in range(5):
            losses.append(learner.learn(x))  # KS201
        learner.target = learner.w
    return losses


def train_and_look(x):
    learner, scores = Learner(jax.random.key(1)), []
    for epoch in range(5):
        scores.append(learner.epoch(x, jax.random.fold_in(jax.random.key(2), epoch)))  # note: KS201
    return scores
