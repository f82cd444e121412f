"""The host's randomness and clocks under `jit`."""

import random
import time

import jax
import numpy as np


@jax.jit
def numpy_noise(x):
    return x + np.random.normal(size=x.shape)  # KS501


@jax.jit
def python_choice(x):
    return x * random.random()  # KS501


@jax.jit
def clock(x):
    return x + time.time()  # KS501


def shift(x):
    return x + np.random.uniform()  # KS501


@jax.jit
def through_a_function(x):
    return shift(x)


# Near misses.


def outside(x):
    return x + np.random.normal(size=x.shape)


@jax.jit
def on_the_host(x):
    def draw(x):
        return x + np.random.normal(size=x.shape)

    return jax.pure_callback(draw, x, x)


def timed(x):
    start = time.time()
    jax.block_until_ready(numpy_noise(x))
    return time.time() - start
