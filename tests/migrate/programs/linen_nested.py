"""Linen: epochs over batches, the key threaded through a compiled step, then an evaluation loop."""

from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training.train_state import TrainState


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        kept = nn.Dropout(0.5, deterministic=not train)(jnp.ones((16,)))
        return nn.Dense(1)(x * kept), kept


@partial(jax.jit, static_argnums=3)
def train_step(state, batch, key, rate):
    key, dropout_key = jax.random.split(key)

    def loss_fn(params):
        y, kept = state.apply_fn(params, batch, train=True, rngs={"dropout": dropout_key})
        return rate * jnp.mean(y**2), kept

    grads, kept = jax.grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), kept, key


@jax.jit
def eval_step(state, batch):
    return state.apply_fn(state.params, batch, train=False)[0].mean()


def main(epochs=2):
    model = Net()
    key = jax.random.key(7)  # the only seed
    key, init_key = jax.random.split(key)
    batches = [jnp.ones((4, 16))] * 3
    params = model.init(init_key, batches[0], train=False)
    state = TrainState.create(apply_fn=model.apply, params=params, tx=optax.sgd(0.1))
    masks, scores = [], []
    for epoch in range(epochs):
        for batch in batches:
            # one mask a step
            state, kept, key = train_step(state, batch, key, 1.0)
            masks.append(kept)
        for batch in batches:
            scores.append(eval_step(state, batch))
    return masks


masks = main()
