"""NNX: the streams are given to each call."""

import jax.numpy as jnp
from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs):
        self.linear = nnx.Linear(16, 1, rngs=rngs)
        self.dropout = nnx.Dropout(0.5)

    def __call__(self, x, rngs):
        kept = self.dropout(jnp.ones((16,)), rngs=rngs)
        return self.linear(x * kept), kept


@nnx.jit
def train_step(model, x, rngs):
    return model(x, rngs)[1]


def main(seed):
    model = Net(nnx.Rngs(seed))
    rngs = nnx.Rngs(seed)
    masks = []
    for _ in range(4):
        masks.append(train_step(model, jnp.ones((4, 16)), rngs))
    return masks


masks = main(0)
