"""Functions that keep their results, and draw from a state that lives on."""

import functools
from functools import cache, cached_property, lru_cache

import haiku as hk
import jax
import numpy as np
from flax import nnx

KEY = jax.random.key(0)
GENERATOR = np.random.default_rng(3)
CALLS = 0


class Source:
    def __init__(self, seed, key):
        self.key = key
        self.count = 0
        self.generator = np.random.default_rng(seed)
        self.rngs = nnx.Rngs(seed)
        self.keys = hk.PRNGSequence(7)

    @functools.lru_cache(maxsize=16)
    def draw(self, n):
        self.key, sub = jax.random.split(self.key)  # KS205
        return jax.random.normal(sub, (n,))

    @lru_cache(16)
    def through_a_method(self, n):
        return jax.random.normal(self.next_key(), (n,))  # KS205

    def next_key(self):
        self.key, sub = jax.random.split(self.key)
        return sub

    @cache
    def counted(self, n):
        self.count += 1
        return jax.random.normal(jax.random.fold_in(self.key, self.count), (n,))  # KS205

    @cache
    def of_numpy(self, n):
        rows = self.generator.normal(size=n)  # KS205
        return rows

    @lru_cache
    def of_nnx(self, n):
        return jax.random.normal(self.rngs.noise(), (n,))  # KS205

    @lru_cache
    def of_haiku(self, n):
        return jax.random.normal(next(self.keys), (n,))  # KS205

    @lru_cache
    def made_once(self):
        self.key, sub = jax.random.split(self.key)  # note: KS205
        return jax.random.normal(sub, (3,))


@cache
def of_a_global_key(n):
    global KEY
    KEY, sub = jax.random.split(KEY)  # KS205
    return jax.random.normal(sub, (n,))


@lru_cache(maxsize=None)
def of_a_global_generator(n):
    return GENERATOR.normal(size=n)  # KS205


def main(key):
    @cache
    def of_a_name_around(n):
        nonlocal key
        key, sub = jax.random.split(key)  # KS205
        return jax.random.normal(sub, (n,))

    return [of_a_name_around(3) for _ in range(4)]


# What a cache may keep.


@cache
def projection(n):
    return jax.random.normal(jax.random.key(17), (n, n))


@cache
def of_its_seed(seed, n):
    rows = np.random.default_rng(seed).normal(size=n)
    key, sub = jax.random.split(jax.random.key(seed))
    return rows, jax.random.normal(key), jax.random.normal(sub)


@lru_cache
def counts_its_calls(n):
    global CALLS
    CALLS += 1
    return jax.random.normal(jax.random.key(0), (n,))


class Fixed:
    def __init__(self, key):
        self.key = key
        self.tables = {}
        self.made = 0

    @cache
    def noise(self, n):
        self.made += 1
        self.tables[n] = jax.random.normal(jax.random.fold_in(self.key, n), (n,))
        return self.tables[n]

    @cached_property
    def start(self):
        self.key, sub = jax.random.split(self.key)
        return jax.random.normal(sub, (3,))

    def draw(self, n):
        self.key, sub = jax.random.split(self.key)
        return jax.random.normal(sub, (n,))

    @functools.lru_cache(maxsize=4)
    def compiled(self, n):
        return jax.jit(lambda key: jax.random.normal(key, (n,)))
