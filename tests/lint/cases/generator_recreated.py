"""Generators of NumPy and Python that begin at one seed again."""

import random
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np

SEED = 3


def augment(image):
    rng = np.random.default_rng(SEED)
    return np.roll(image, rng.integers(0, 8), axis=1)


def one_crop_for_all(images, step, state):
    for image in images:
        state = step(state, augment(image))  # KS504
    return state


def turned(image):
    return np.rot90(image, np.random.default_rng(SEED + 1).integers(0, 4))


def in_threads(images):
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(turned, images))  # KS504


def one_order_for_all_epochs(x, step, state, seed):
    for _ in range(3):
        order = np.random.RandomState(seed).permutation(len(x))  # KS504
        state = step(state, x[order])
    return state


def shuffled(rows, step, state):
    for _ in range(3):
        random.Random(0).shuffle(rows)  # KS504
        state = step(state, rows)
    return state


# Each call of its own.


def trained(rate):
    rng, w = np.random.default_rng(0), jax.numpy.ones(2)
    for _ in range(3):
        w = w - rate * jax.grad(lambda w: (w @ rng.normal(size=2)) ** 2)(w)
    return w


def rates_side_by_side():
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(trained, [0.1, 0.01]))  # note: KS504


# Not again.


def made_once(images, step, state):
    rng = np.random.default_rng(SEED)
    for image in images:
        state = step(state, np.roll(image, rng.integers(0, 8), axis=1))
    return state


def one_for_each_epoch(x, step, state):
    for epoch in range(3):
        order = np.random.default_rng([SEED, epoch]).permutation(len(x))
        state = step(state, x[order])
    return state


def data(count, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 3))


def data_for_both():
    return data(64, 0), data(16, 1), data(16, 0)


def evaluated_on_the_same(params, train, score):
    for epoch in range(3):
        params = train(params, jax.random.key(epoch))
        rows = data(16, 5)  # note: KS504
        print(score(params, rows))
    return params


def resampled(rows):
    np.random.seed(7)
    return rows[np.random.randint(0, len(rows), size=len(rows))]


def replicates(rows):
    return [resampled(rows) for _ in range(100)]  # KS504


def seeded_once(rows):
    np.random.seed(7)
    return [rows[np.random.randint(0, len(rows))] for _ in range(100)]


def seeded_by_turn(rows):
    for epoch in range(3):
        np.random.seed(epoch)
        print(np.random.permutation(rows))


class Sampler:
    def __init__(self, size, seed):
        self.size, self.seed, self.epoch = size, seed, 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __iter__(self):
        yield from np.random.default_rng(self.seed).permutation(self.size)


def same_order_in_each_epoch(params, rows, step):
    sampler = Sampler(len(rows), 0)
    for epoch in range(3):
        sampler.set_epoch(epoch)
        for index in sampler:  # KS504
            params = step(params, rows[index])
    return params


def resample(x, seed=7):
    rng = np.random.default_rng(seed)
    return x[rng.integers(0, len(x), size=len(x))]


def bootstrap(a, b, stat, n):
    out = np.empty(n)
    for i in range(n):
        out[i] = stat(resample(a)) - stat(resample(b))  # KS504
    return out


class Loader:
    def __init__(self, rows, seed):
        self.rows, self.seed = rows, seed

    def __iter__(self):
        order = np.random.default_rng(self.seed).permutation(len(self.rows))
        yield from self.rows[order]


def train_step(model, optimizer, row):
    optimizer.update(model, jax.grad(lambda m: m(row).sum())(model))


def fit(model, optimizer, rows, epochs):
    loader = Loader(rows, 0)
    for _ in range(epochs):
        losses = [train_step(model, optimizer, row) for row in loader]  # KS504
        print(sum(losses))
