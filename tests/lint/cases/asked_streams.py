"""Linen modules that ask whether a stream was given, and dictionaries under the wrong keyword."""

import flax.linen as nn
import jax


class Noise(nn.Module):
    @nn.compact
    def __call__(self, x):
        if not self.has_rng("noise"):
            return x
        return x + jax.random.normal(self.make_rng("noise"), x.shape)


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, **options):
        return Noise()(nn.Dense(3)(x))


def train(x, keys):
    model = Net()
    params = model.init({"params": keys[0]}, x)
    misnamed = model.apply(params, x, rngs={"noises": keys[1]})  # KS407
    return misnamed, model.apply(params, x, rngs={"noise": keys[2]})


def swallowed(x, keys):
    return Net().apply({}, x, rng={"noise": keys[0]})  # KS406


def evaluate(params, x):
    return Net().apply(params, x)
