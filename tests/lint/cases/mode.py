"""Dropout on in evaluation, off in training, never told, with rates that are none."""

import equinox as eqx
import flax.linen as nn
import haiku as hk
import jax
import jax.numpy as jnp
import optax
from flax import nnx


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train: bool):
        return nn.Dropout(0.5, deterministic=not train)(nn.Dense(3)(x))


class Inverted(nn.Module):
    @nn.compact
    def __call__(self, x, train: bool):
        return nn.Dropout(0.5, deterministic=train)(nn.Dense(3)(x))  # KS602


class ModeIsAText(nn.Module):
    mode: str = "train"

    @nn.compact
    def __call__(self, x, mode):
        x = nn.Dropout(0.5, deterministic=mode == "train")(x)  # KS602
        x = nn.Dropout(0.5)(x, deterministic=(self.mode != "eval"))  # KS602
        x = nn.Dropout(0.5, deterministic=mode != "train")(x)
        x = nn.Dropout(0.5, deterministic=not mode == "training")(x)
        x = nn.Dropout(0.5, deterministic=mode == "sample")(x)
        off = mode == "train"
        x = nn.Dropout(0.5)(x, deterministic=off)  # KS602
        quiet = self.mode == "val"
        return nn.Dropout(0.5)(x, deterministic=quiet)


class NoModel(eqx.Module):
    drop: eqx.nn.Dropout

    def __call__(self, x, key, mode):
        x = self.drop(x, key=key, inference=mode != "train")
        return self.drop(x, inference=mode == "train")  # KS602


class Untold(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dropout(0.5)(nn.Dense(3)(x))  # KS604


class Percent(nn.Module):
    @nn.compact
    def __call__(self, x, train: bool):
        return nn.Dropout(20.0, deterministic=not train)(x)  # KS603


percent_eqx = eqx.nn.Dropout(p=30)  # KS603
percent_nnx = nnx.Dropout(1.5)  # KS603


def forward(x):
    return hk.dropout(hk.next_rng_key(), -0.1, x)  # KS603


def keep_all(x):
    return nn.Dropout(0.0)(x)


def drop_all(x, train):
    return nn.Dropout(1.0, deterministic=not train)(x)


class TakesTheFlag(nn.Module):
    deterministic: bool = False

    @nn.compact
    def __call__(self, x, deterministic=None):
        deterministic = nn.merge_param("deterministic", self.deterministic, deterministic)
        return nn.Dropout(0.5)(x, deterministic=deterministic)


optimizer = optax.adam(1e-3)
ones = jnp.ones((2, 3))
key = jax.random.key(0)


class Encoder(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        return nn.Dropout(0.1, deterministic=not train)(nn.Dense(2)(x))


def with_a_target(online, target, x, key):
    def loss(online):
        here = Encoder().apply(online, x, train=True, rngs={"dropout": key})
        there = jax.lax.stop_gradient(Encoder().apply(target, x, train=False))
        return ((here - there) ** 2).sum()

    return jax.grad(loss)(online)
