"""The model is left in evaluation mode while it trains."""

import jax.numpy as jnp
from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs):
        self.inner, self.outer = nnx.Linear(3, 8, rngs=rngs), nnx.Linear(8, 1, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.outer(self.drop(self.inner(x)))  # -> KS602


model, x = Net(nnx.Rngs(0)), jnp.ones((4, 3))
model.eval()
print(model(x).mean())


@nnx.jit
def train_step(model):
    return nnx.grad(lambda m: m(x).sum())(model)


for _ in range(2):
    train_step(model)
