"""Dropout that is on while the program evaluates."""

import flax.linen as nn
import haiku as hk
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train: bool):
        return nn.Dropout(0.5, deterministic=not train)(nn.Dense(3)(x))


model = Net()


def evaluate(variables, x, key):
    return jnp.mean(model.apply(variables, x, train=True, rngs={"dropout": key}))  # KS601


@hk.transform
def net(x, is_training=True):
    if is_training:
        x = hk.dropout(hk.next_rng_key(), 0.5, x)
    return hk.Linear(3)(x)


def accuracy(params, key, x):
    return jnp.mean(net.apply(params, key, x))  # KS601


def valid_accuracy(params, key, x):
    return jnp.mean(net.apply(params, key, x, is_training=False))


def eval_step(variables, x):
    return jnp.mean(model.apply(variables, x, train=False))


def train_step(variables, x, key):
    def loss(variables):
        return jnp.mean(model.apply(variables, x, train=True, rngs={"dropout": key}))

    return jax.grad(loss)(variables)


def predict_with_mc_dropout(variables, x, keys):
    return [model.apply(variables, x, train=True, rngs={"dropout": k}) for k in keys]
