"""Loops that go on from a restored step."""

import pickle

import jax
import numpy as np


def resumed(path, until):
    key = jax.random.key(0)  # KS202
    start = 0
    if path.exists():
        start = int(np.load(path)["step"])
    total = 0.0
    for _step in range(start, until):
        key, sub = jax.random.split(key)
        total += jax.random.normal(sub)
    return total


def resumed_in_a_while(path, until):
    key = jax.random.key(0)  # KS202
    total, step = 0.0, 0
    if path.exists():
        saved = np.load(path)
        total, step = saved["total"], saved["step"]
    while step < until:
        key, sub = jax.random.split(key)
        total += jax.random.normal(sub)
        step += 1
    return total


# Near misses.


def folded(path, until):
    key = jax.random.key(0)
    start = int(np.load(path)["step"]) if path.exists() else 0
    total = 0.0
    for step in range(start, until):
        total += jax.random.normal(jax.random.fold_in(key, step))
    return total


def key_saved_too(path, until):
    saved = np.load(path)
    key = jax.random.wrap_key_data(saved["key"])
    total = 0.0
    for _step in range(int(saved["step"]), until):
        key, sub = jax.random.split(key)
        total += jax.random.normal(sub)
    return total


def from_the_start(path, until):
    data = np.load(path)["data"]
    key = jax.random.key(0)
    total, step = 0.0, 0
    while step < until:
        key, sub = jax.random.split(key)
        total += jax.random.normal(sub, data.shape)
        step += 1
    return total


# Objects that save and restore themselves.


class LeavesTheKeyOut:
    def __init__(self, seed):
        self.key, init_key = jax.random.split(jax.random.key(seed))
        self.weights = jax.random.normal(init_key, (3,))
        self.step = 0

    def restore(self, path):  # KS202
        saved = pickle.loads(path.read_bytes())
        self.weights, self.step = saved["weights"], saved["step"]

    def run(self, until):
        while self.step < until:
            self.key, noise_key = jax.random.split(self.key)
            self.weights = self.weights + jax.random.normal(noise_key, (3,))
            self.step += 1


class RestoresTheKeyToo(LeavesTheKeyOut):
    def __init__(self, seed):
        self.key, init_key = jax.random.split(jax.random.key(seed))
        self.weights = jax.random.normal(init_key, (3,))

    def restore(self, path):
        saved = pickle.loads(path.read_bytes())
        self.weights = saved["weights"]
        self.key = jax.random.wrap_key_data(saved["key"])

    def draw(self):
        self.key, noise_key = jax.random.split(self.key)
        self.weights = self.weights + jax.random.normal(noise_key, (3,))


class FoldsTheStep:
    def __init__(self, seed):
        self.key = jax.random.key(seed)
        self.weights, self.step = 0.0, 0

    def restore(self, path):
        saved = pickle.loads(path.read_bytes())
        self.weights, self.step = saved["weights"], saved["step"]

    def draw(self):
        self.weights = self.weights + jax.random.normal(jax.random.fold_in(self.key, self.step))
        self.step += 1


class LoadsItsSettings:
    def __init__(self, seed):
        self.key = jax.random.key(seed)
        self.rate = 0.1

    def configure(self, path):
        self.rate = pickle.loads(path.read_bytes())["rate"]

    def draw(self):
        self.key, noise_key = jax.random.split(self.key)
        return self.rate * jax.random.normal(noise_key)
