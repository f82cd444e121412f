"""Probabilities of keeping where rates are meant, and masks scaled by the wrong one."""

from dataclasses import dataclass

import equinox as eqx
import flax.linen as nn
import haiku as hk
import jax
import jax.numpy as jnp


@dataclass
class Config:
    width: int = 8
    keep_prob: float = 0.9
    drop_rate: float = 0.1


config = Config()


def kept_for_dropped(x):
    return hk.dropout(hk.next_rng_key(), config.keep_prob, x)  # KS603


def one_minus_the_rate(x):
    return nn.Dropout(1 - config.drop_rate)(x, deterministic=False)  # KS603


class Net(eqx.Module):
    drop: eqx.nn.Dropout

    def __init__(self, dropout_rate):
        self.drop = eqx.nn.Dropout(dropout_rate)


handed_on = Net(dropout_rate=config.keep_prob)  # KS603


def scaled_by_the_rate(key, x, rate):
    mask = jax.random.bernoulli(key, rate, x.shape)  # KS603
    return x * mask / (1 - rate)


def scaled_in_where(key, x):
    keep = jax.random.bernoulli(key, 0.1, x.shape)  # KS603
    return jnp.where(keep, x / 0.9, 0.0)


# Near misses.


def rate_given(x):
    return hk.dropout(hk.next_rng_key(), 1 - config.keep_prob, x)


right = Net(dropout_rate=config.drop_rate)


def mask_of_what_is_kept(key, x, rate):
    mask = jax.random.bernoulli(key, 1 - rate, x.shape)
    return x * mask / (1 - rate)


def mask_of_what_is_dropped(key, x, rate):
    drop = jax.random.bernoulli(key, rate, x.shape)
    return jnp.where(drop, 0.0, x / (1 - rate))


def half(key, x):
    return x * jax.random.bernoulli(key, 0.5, x.shape) / (1 - 0.5)
