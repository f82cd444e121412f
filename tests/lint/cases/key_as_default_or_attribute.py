"""Keys made where something is defined."""

import flax.linen as nn
import jax


def sample(n, key=jax.random.key(0)):  # KS108
    return jax.random.normal(key, (n,))


def drawn_twice():
    return sample(3) + sample(3)


def start(width, *, key=jax.random.key(2)):  # note: KS108
    return jax.random.normal(key, (width,))


def jittered(x, key=jax.random.key(3)):  # note: KS108
    return x + jax.random.normal(key, x.shape)


def shifted(x, *, key=jax.random.key(4)):  # note: KS108
    return x + jax.random.normal(key, x.shape)


def late(width, key=jax.random.key(5)):  # note: KS108
    return jax.random.normal(key, (width,))


class Noise(nn.Module):
    key: jax.Array = jax.random.key(1)  # KS108

    def __call__(self, x):
        return x + jax.random.normal(self.key, x.shape)


def rattled(x, key=jax.random.key(6)):  # KS108
    return x + jax.random.normal(key, x.shape)


def doubled(x):
    return 2 * x


STEPS = [rattled, doubled]


def prepared(x):
    for step in STEPS:
        x = step(x)
    return x


# Near misses.


def asked_for(n, *, key):
    return jax.random.normal(key, (n,))


def none_by_default(n, key=None):
    if key is None:
        key = jax.random.key(0)
    return jax.random.normal(key, (n,))


class Kept:
    def __init__(self, key):
        self.key = key

    def draw(self):
        self.key, sub = jax.random.split(self.key)
        return jax.random.normal(sub)
