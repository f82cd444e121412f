"""Dropout that is off while the program trains."""

import argparse

import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train: bool):
        return nn.Dropout(0.5, deterministic=not train)(nn.Dense(3)(x))  # KS602


model = Net()


def train_step(variables, x):
    def loss(variables):
        return jnp.mean(model.apply(variables, x, train=False))

    return jax.grad(loss)(variables)


def evaluate(variables, x):
    return jnp.mean(model.apply(variables, x, train=False))


parser = argparse.ArgumentParser()
parser.add_argument("--deterministic", type=bool, default=False)  # KS602
parser.add_argument("--freeze-dropout", action=argparse.BooleanOptionalAction)
parser.add_argument("--verbose", type=bool, default=False)
