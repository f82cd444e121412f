"""A second run restores the parameters and the step with Flax, and makes its keys of the seed again."""

import tempfile
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import serialization


class Net(nn.Module):
    def setup(self):
        self.layers = [nn.Dense(3), nn.Dense(3)]  # Flax lists them by a state dictionary

    def __call__(self, x):
        return self.layers[1](self.layers[0](x))


class Trainer:
    def __init__(self, path):
        self.path, self.net, self.step = path, Net(), 0
        init_key, self.key = jax.random.split(jax.random.key(4))  # -> KS202
        self.params = self.net.init(init_key, jnp.ones((1, 3)))
        if path.exists():
            self.params, self.step = serialization.from_bytes(
                (self.params, self.step), path.read_bytes()
            )

    def run(self, until):
        while self.step < until:
            self.key, noise_key = jax.random.split(self.key)
            x = jax.random.normal(noise_key, (4, 3))
            gradient = jax.grad(lambda params: self.net.apply(params, x).sum())(self.params)
            self.params = jax.tree.map(lambda p, g: p - 0.1 * g, self.params, gradient)
            self.step += 1
        self.path.write_bytes(serialization.to_bytes((self.params, self.step)))


with tempfile.TemporaryDirectory() as folder:
    Trainer(Path(folder) / "state").run(2)
    Trainer(Path(folder) / "state").run(4)
