"""NNX: the model keeps its streams; training and evaluation loops in each epoch."""

import jax
import jax.numpy as jnp
from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs):
        self.linear = nnx.Linear(16, 1, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        kept = self.dropout(jnp.ones((16,)))
        return self.linear(x * kept), kept


@nnx.jit
def train_step(model, x):
    def loss_fn(model):
        y, kept = model(x)
        return jnp.mean(y**2), kept

    grads, kept = nnx.grad(loss_fn, has_aux=True)(model)
    params = nnx.state(model, nnx.Param)
    nnx.update(model, jax.tree.map(lambda p, g: p - 0.1 * g, params, grads))
    return kept


@nnx.jit
def eval_step(model, x):
    return model(x)[0].mean()


model = Net(rngs=nnx.Rngs(0))
batches = [jnp.ones((4, 16))] * 2
masks, scores = [], []
for epoch in range(2):
    model.train()
    for batch in batches:
        masks.append(train_step(model, batch))
    model.eval()
    for batch in batches:
        scores.append(eval_step(model, batch))
