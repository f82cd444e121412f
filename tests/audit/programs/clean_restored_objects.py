"""A restored sampler shows the samples of the saved one; a restored trainer has its key from the file."""

import pickle

import jax
import jax.numpy as jnp


class Sampler:
    def __init__(self, seed):
        self.key, self.w = jax.random.key(seed), jnp.ones(2)

    def load(self, saved):
        self.w = pickle.loads(saved)

    def sample(self):
        return self.w + jax.random.normal(self.key, (2,))


class Trainer:
    def __init__(self, seed):
        self.key, key = jax.random.split(jax.random.key(seed))
        self.w = jax.random.normal(key, (2,))

    def save(self):
        return pickle.dumps((jax.random.key_data(self.key), self.w))

    def load(self, saved):
        words, self.w = pickle.loads(saved)
        self.key = jax.random.wrap_key_data(words)

    def run(self, steps):
        for _ in range(steps):
            self.key, key = jax.random.split(self.key)
            self.w = 0.9 * self.w + jax.random.normal(key, (2,))


sampler = Sampler(0)
print(sampler.sample())
again = Sampler(0)
again.load(pickle.dumps(sampler.w))
print(again.sample())

trainer = Trainer(5)
trainer.run(2)
resumed = Trainer(5)
resumed.load(trainer.save())
resumed.run(2)
print(resumed.w)
