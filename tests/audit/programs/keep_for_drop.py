"""A keep probability is given where the layer takes the probability of dropping."""

import equinox as eqx
import jax
import jax.numpy as jnp


class Config:
    keep_prob = 0.9


class Net(eqx.Module):
    hidden: eqx.nn.Linear
    drop: eqx.nn.Dropout

    def __init__(self, key):
        self.hidden = eqx.nn.Linear(4, 8, key=key)
        self.drop = eqx.nn.Dropout(Config.keep_prob)  # -> KS603

    def __call__(self, x, key):
        return self.drop(jnp.tanh(self.hidden(x)), key=key)


init_key, key = jax.random.split(jax.random.key(0))
print(Net(init_key)(jnp.ones(4), key))
