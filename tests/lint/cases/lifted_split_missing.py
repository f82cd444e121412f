"""Lifted loops over layers and what they split."""

import flax.linen as nn
import haiku as hk


class Block(nn.Module):
    @nn.compact
    def __call__(self, x, _):
        return nn.Dropout(0.5, deterministic=False)(nn.Dense(4)(x)), None


class Plain(nn.Module):
    @nn.compact
    def __call__(self, x, _):
        return nn.Dense(4)(x), None


class Stack(nn.Module):
    @nn.compact
    def __call__(self, x):
        layers = nn.scan(
            Block,
            variable_axes={"params": 0},
            split_rngs={"params": True, "dropout": False},  # KS305
            length=4,
        )
        return layers()(x, None)


class ForgottenStack(nn.Module):
    @nn.compact
    def __call__(self, x):
        split = {"params": True}
        layers = nn.scan(Block, variable_axes={"params": 0}, split_rngs=split, length=4)  # KS305
        return layers()(x, None)


class TwinLayers(nn.Module):
    @nn.compact
    def __call__(self, x):
        split = {"params": False}
        return nn.vmap(Plain, variable_axes={"params": 0}, split_rngs=split)()(x, None)  # KS305


class WholeBatch(nn.Module):
    @nn.compact
    def __call__(self, x):
        split = {"params": False, "dropout": False}
        return nn.vmap(Block, variable_axes={"params": None}, split_rngs=split)()(x, None)  # KS305


def encoder(x):
    return hk.dropout(hk.next_rng_key(), 0.5, hk.Linear(3)(x))


shared = hk.transform(lambda x: hk.vmap(encoder, split_rng=False)(x))  # KS305


def run_shared(params, key, x):
    return shared.apply(params, key, x)


# Near misses.


class SplitStack(nn.Module):
    @nn.compact
    def __call__(self, x):
        split = {"params": True, "dropout": True}
        return nn.scan(Block, variable_axes={"params": 0}, split_rngs=split, length=4)()(x, None)


class PlainStack(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.scan(Plain, variable_axes={"params": 0}, split_rngs={"params": True}, length=4)()(
            x, None
        )


class OverTime(nn.Module):
    """One mask for all steps of a sequence, by declaration."""

    @nn.compact
    def __call__(self, x):
        split = {"params": False, "dropout": False}
        return nn.scan(Block, variable_broadcast="params", split_rngs=split)()(x, None)


own = hk.transform(lambda x: hk.vmap(encoder, split_rng=not hk.running_init())(x))


def run_own(params, key, x):
    return own.apply(params, key, x)
