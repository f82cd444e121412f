"""A trainer that is made anew restores weights and step, and goes on with the key of its seed."""

import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np


class Trainer:
    def __init__(self, seed):
        self.key = jax.random.key(seed)  # -> KS202
        self.step, self.w = 0, jnp.zeros(2)

    def save(self, path):
        np.savez(path, w=self.w, step=self.step)

    def restore(self, path):
        with np.load(path) as saved:
            self.w, self.step = jnp.array(saved["w"]), int(saved["step"])

    def run(self, steps):
        for _ in range(steps):
            self.key, key = jax.random.split(self.key)
            self.w = self.w - 0.1 * (self.w + jax.random.normal(key, (2,)))
            self.step += 1


path = Path(tempfile.mkdtemp()) / "state.npz"
trainer = Trainer(0)
trainer.run(3)
trainer.save(path)
resumed = Trainer(0)
resumed.restore(path)
resumed.run(3)
print(resumed.w, resumed.step)
