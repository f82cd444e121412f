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
