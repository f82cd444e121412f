"""NNX keeps its counters; the model is evaluated with dropout off."""

import jax.numpy as jnp
import optax
from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs):
        self.inner, self.outer = nnx.Linear(3, 8, rngs=rngs), nnx.Linear(8, 1, rngs=rngs)
        self.drop, self.drop2 = nnx.Dropout(0.5, rngs=rngs), nnx.Dropout(0.2, rngs=rngs)

    def __call__(self, x):
        return self.outer(self.drop2(self.drop(nnx.relu(self.inner(x)))))


model, x = Net(nnx.Rngs(0)), jnp.ones((4, 3))
optimizer = nnx.Optimizer(model, optax.sgd(0.1), wrt=nnx.Param)


@nnx.jit
def train_step(model, optimizer):
    optimizer.update(model, nnx.grad(lambda m: m(x).sum())(model))


def evaluate(model):
    model.eval()
    out = float(model(x).mean())
    model.train()
    return out


for _ in range(3):
    train_step(model, optimizer)
    print(evaluate(model))
