"""Evaluation restores the random state of before, so training repeats its masks."""

import jax
import jax.numpy as jnp
from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs):
        self.linear, self.drop = nnx.Linear(3, 1, rngs=rngs), nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.linear(self.drop(x))


model, x = Net(nnx.Rngs(0)), jnp.ones((4, 3))
saved = jax.tree.map(jnp.copy, nnx.state(model, nnx.RngState))


@nnx.jit
def train_step(model):
    return nnx.grad(lambda m: m(x).sum())(model)


for _ in range(3):
    train_step(model)
    nnx.update(model, saved)  # -> KS204
