"""A learner draws each minibatch with the key that its buffer was made with: what came back is dropped."""

import dataclasses

import jax
import jax.numpy as jnp


@dataclasses.dataclass
class Buffer:
    rows: jax.Array
    key: jax.Array

    def sample(self):
        key, use = jax.random.split(self.key)
        picked = jax.random.choice(use, self.rows, (2,), axis=0)
        return picked, dataclasses.replace(self, key=key)


class Learner:
    def __init__(self, key):
        self.w = self.target = jnp.zeros(3)
        self.buffer = Buffer(jnp.arange(12.0).reshape(4, 3), key)

    def learn(self):
        batch, buffer = self.buffer.sample()
        self.w = self.w - 0.01 * jax.grad(lambda w: jnp.mean((batch @ w - 1) ** 2))(self.w)
        return float(jnp.sum((self.w - self.target) ** 2))


learner, losses = Learner(jax.random.key(0)), []
for _ in range(2):
    for _ in range(3):
        losses.append(learner.learn())  # -> KS201
    learner.target = learner.w
print(losses)
