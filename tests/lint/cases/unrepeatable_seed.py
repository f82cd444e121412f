"""Seeds that are others in every run."""

import os
import random
import time
import zlib

import jax

from_the_clock = jax.random.key(int(time.time()))  # KS502
from_the_system = jax.random.key(int.from_bytes(os.urandom(4), "big"))  # KS502
from_python = jax.random.key(random.randint(0, 100))  # KS502


def by_name(key, name):
    return jax.random.fold_in(key, hash(name))  # KS502


def by_literal(key):
    return jax.random.fold_in(key, abs(hash("layer")) % 1000)  # KS502


# Near misses.


def by_checksum(key, name):
    return jax.random.fold_in(key, zlib.crc32(name.encode()))


def by_number(key, shape):
    return jax.random.fold_in(key, hash((shape[0], shape[1])))


def by_argument(seed):
    return jax.random.key(seed)


def printed():
    seed = int(time.time())
    print("seed", seed)
    return jax.random.key(seed)
