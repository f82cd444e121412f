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


LAYERS = {"encoder": 3, "decoder": 4, "head": 5}


def unfrozen():
    return set(LAYERS) - {"head"}


def paired_with_keys(key):
    names = unfrozen()
    keys = jax.random.split(key, len(names))
    return {name: jax.random.normal(k, (LAYERS[name],)) for name, k in zip(names, keys)}  # KS502


def counted(key):
    drawn = {}
    for i, name in enumerate({"encoder", "decoder"}):  # KS502
        drawn[name] = jax.random.normal(jax.random.fold_in(key, i))
    return drawn


def files(key, folder):
    return [
        jax.random.normal(k, (len(name),))
        for name, k in zip(os.listdir(folder), jax.random.split(key, 8))  # KS502
    ]


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


def sorted_first(key):
    names = unfrozen()
    keys = jax.random.split(key, len(names))
    return {name: jax.random.normal(k) for name, k in zip(sorted(names), keys)}


def by_checksum_in_any_order(key):
    return {
        name: jax.random.normal(jax.random.fold_in(key, zlib.crc32(name.encode())))
        for name in unfrozen()
    }


def numbers(key):
    return [jax.random.normal(jax.random.fold_in(key, i)) for i, _ in enumerate({1, 2, 3})]


def seed_or_clock(seed=None):
    seed = seed or int(time.time())
    return jax.random.key(seed)  # KS502


def clock_where_no_seed_is_given(seed):
    if seed is None:
        return jax.random.key(0)
    return jax.random.key(seed or 1)
