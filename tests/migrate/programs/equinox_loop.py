"""Equinox: a key for the model, a batch of keys for each step."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr


class Net(eqx.Module):
    linear: eqx.nn.Linear
    dropout: eqx.nn.Dropout

    def __init__(self, key):
        self.linear = eqx.nn.Linear(16, 1, key=key)
        self.dropout = eqx.nn.Dropout(0.5)

    def __call__(self, x, key):
        kept = self.dropout(jnp.ones(16), key=key)
        return self.linear(x * kept), kept


@eqx.filter_jit
def make_step(model, x, key):
    key, new_key = jr.split(key)
    keys = jr.split(key, x.shape[0])

    @eqx.filter_grad(has_aux=True)
    def loss(model):
        y, kept = jax.vmap(model)(x, keys)
        return jnp.mean(y**2), kept

    grads, kept = loss(model)
    model = eqx.apply_updates(model, jax.tree.map(lambda g: -0.1 * g, grads))
    return model, kept, new_key


def main(seed=4):
    model_key, train_key = jr.split(jr.PRNGKey(seed), 2)
    model = Net(model_key)
    masks = []
    for step, x in zip(range(3), [jnp.ones((2, 16))] * 9):
        model, kept, train_key = make_step(model, x, train_key)
        masks.extend(kept)
    return masks


masks = main()
