"""Functions that keep their results: a call with equal arguments gives what the first one gave."""

import functools

import jax
import jax.numpy as jnp


# A key that is made once, however often it is asked for.


@functools.lru_cache(maxsize=1)
def root():
    return jax.random.key(42)


def weights(n):
    return jax.random.normal(root(), (n,))


def shaken(x):
    return x + 0.1 * jax.random.uniform(root(), x.shape)


def drawn_by_two(n):
    w = weights(n)
    return shaken(w)  # KS101


def parted(n):
    left, right = jax.random.split(root())
    return jax.random.normal(left, (n,)), jax.random.normal(right, (n,))


# A compiled function that is made once holds the key that it closes over.


@functools.cache
def masked(width):
    key = jax.random.key(width)

    @jax.jit
    def forward(x):
        return x * jax.random.bernoulli(key, 0.5, (width,))  # KS503

    return forward


def masks_alike(xs):
    total = 0.0
    for x in xs:
        total = total + masked(16)(x).sum()
    return total


@functools.lru_cache(maxsize=None)
def told(width):
    return jax.jit(lambda x, key: x * jax.random.bernoulli(key, 0.5, (width,)))


def masks_anew(xs, key):
    total = 0.0
    for x, sub in zip(xs, jax.random.split(key, len(xs))):
        total = total + told(16)(x, sub).sum()
    return total


# What is drawn once and kept is meant to be the same for all who ask.


@functools.cache
def projection(width, seed=0):
    return jax.random.normal(jax.random.key(seed), (width, 3))


def projected(xs):
    return [x @ projection(8) for x in xs]


def of_each_width(xs):
    return [x @ projection(x.shape[-1]) for x in xs]


@jax.jit
def features(x):
    return jnp.cos(x @ projection(4)), jnp.sin(x @ projection(4))


def batched(xs):
    return jax.vmap(lambda x: x @ projection(8))(xs), features(xs)


class Basis:
    def __init__(self, seed):
        self.seed = seed

    @functools.lru_cache(maxsize=None)
    def key(self):
        return jax.random.key(self.seed)

    def centres(self, n):
        return jax.random.normal(self.key(), (n,))

    def phases(self, n):
        return jax.random.uniform(self.key(), (n,))

    def both(self, n):
        return self.centres(n) + self.phases(n)  # KS101


# An attribute that is made when it is first asked for, and is there from then on.


class Exploration:
    def __init__(self, root):
        self.root = root

    @functools.cached_property
    def fresh(self):
        self.root, sub = jax.random.split(self.root)
        return sub

    @property
    def next(self):
        self.root, sub = jax.random.split(self.root)
        return sub


def made_once(root, action, steps):
    exploration = Exploration(root)
    for _ in range(steps):
        action = 0.9 * action + jax.random.normal(exploration.fresh, action.shape)  # KS203
    return action


def made_each_time(root, action, steps):
    exploration = Exploration(root)
    for _ in range(steps):
        action = 0.9 * action + jax.random.normal(exploration.next, action.shape)
    return action


def thrown_away(root, action, steps):
    exploration = Exploration(root)
    for _ in range(steps):
        action = 0.9 * action + jax.random.normal(exploration.fresh, action.shape)
        del exploration.fresh
    return action
