"""Linen: a TrainState keeps the dropout key, and each step folds its number in."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training import train_state


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, training):
        kept = nn.Dropout(0.5, deterministic=not training)(jnp.ones((16,)))
        return nn.Dense(1)(x * kept), kept


class TrainState(train_state.TrainState):
    key: jax.Array


@jax.jit
def train_step(state: TrainState, batch):
    dropout_train_key = jax.random.fold_in(key=state.key, data=state.step)

    def loss_fn(params):
        y, kept = state.apply_fn(
            {"params": params}, batch, training=True, rngs={"dropout": dropout_train_key}
        )
        return y.mean(), kept

    grads, kept = jax.grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), kept


root_key = jax.random.key(seed=0)
main_key, params_key, dropout_key = jax.random.split(key=root_key, num=3)
model, x = Net(), jnp.ones((4, 16))
variables = model.init(params_key, x, training=False)
state = TrainState.create(
    apply_fn=model.apply, params=variables["params"], key=dropout_key, tx=optax.adam(1e-3)
)
masks = []
for batch in [x] * 4:
    state, kept = train_step(state, batch)
    masks.append(kept)
