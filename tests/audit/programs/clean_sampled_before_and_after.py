"""Masks are sampled for one input, from one seed before the training and after it."""

import jax
import jax.numpy as jnp
from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs):
        self.linear, self.drop = nnx.Linear(2, 2, rngs=rngs), nnx.Dropout(0.5)

    def __call__(self, x, rngs):
        return self.drop(self.linear(x), rngs=rngs)


@nnx.jit
def train_step(model, rngs, x):
    return nnx.grad(lambda model, rngs: model(x, rngs).sum())(model, rngs)


@nnx.jit
def one_pass(model, rngs, x):
    return model(x, rngs)


def spread(model, x):
    rngs = nnx.Rngs(dropout=7)
    return jnp.stack([one_pass(model, rngs, x) for _ in range(3)]).std(0)


model, x = Net(nnx.Rngs(0)), jnp.ones((4, 2))
rngs = nnx.Rngs(dropout=1)
before = spread(model, x)
for _ in range(3):
    train_step(model, rngs, x)
after = spread(model, x)
print(before.mean(), after.mean())
