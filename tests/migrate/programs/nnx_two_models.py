"""NNX: two models that keep their streams, drawn from before, within and after an inner loop."""

import jax.numpy as jnp
from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs):
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.dropout(x)


@nnx.jit
def train_step(model, x):
    return model(x)


def main(seed):
    rngs = nnx.Rngs(seed)
    first, second = Net(rngs), Net(rngs)
    x = jnp.ones((32,))
    masks = []
    for _ in range(3):
        masks.append(first(x))  # Monte-Carlo dropout before the epoch
        for _ in range(2):
            masks.append(train_step(first, x))
            masks.append(train_step(second, x))
        masks.append(first(x))
    for _ in range(2):
        masks.append(second(x))
    return masks


masks = main(0)
