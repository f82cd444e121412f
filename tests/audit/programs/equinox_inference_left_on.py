"""`inference_mode` was switched on for a look at the model, and stays on in training."""

import equinox as eqx
import jax
import jax.numpy as jnp


class Net(eqx.Module):
    linear: eqx.nn.Linear
    drop: eqx.nn.Dropout

    def __init__(self, key):
        self.linear, self.drop = eqx.nn.Linear(3, 1, key=key), eqx.nn.Dropout(0.5)

    def __call__(self, x, key):
        return self.linear(self.drop(x, key=key))[0]  # -> KS602


model = eqx.nn.inference_mode(Net(jax.random.key(0)))


@eqx.filter_jit
def step(model, x, key):
    grads = eqx.filter_grad(lambda m: m(x, key))(model)
    return eqx.apply_updates(model, jax.tree.map(lambda g: -0.1 * g, grads))


key = jax.random.key(1)
for _ in range(3):
    key, sub = jax.random.split(key)
    model = step(model, jnp.ones(3), sub)
