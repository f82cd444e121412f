"""Functions that a decorator, a pool or a thread calls with a key."""

import functools
import threading
from concurrent.futures import ThreadPoolExecutor

import jax


def with_key(function):
    key = jax.random.key(42)

    @functools.wraps(function)
    def inner(*args):
        return function(key, *args)

    return inner


def seeded(seed):
    def wrap(function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            return function(*args, key=jax.random.key(seed), **kwargs)

        return inner

    return wrap


def counted(function):
    calls = iter(range(100))

    @functools.wraps(function)
    def inner(*args):
        return function(jax.random.fold_in(jax.random.key(7), next(calls)), *args)

    return inner


@with_key
def sample(key, shape):
    return jax.random.uniform(key, shape)


@seeded(1)
def noisy(x, *, key):
    return x + jax.random.normal(key, x.shape)


@counted
def fresh(key, shape):
    return jax.random.uniform(key, shape)


def draw_decorated(x):
    for _ in range(3):
        x = x + sample(x.shape)  # KS201
    for _ in range(3):
        x = noisy(x)  # KS106
    for _ in range(3):
        x = x + fresh(x.shape)
    return x


@jax.jit
def simulate(key, drift):
    return drift + jax.random.normal(key, (16,)).sum()


def simulate_in_threads(drifts):
    key = jax.random.key(0)
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda drift: simulate(key, drift), drifts))  # KS201


def simulate_submitted(drifts):
    key = jax.random.key(1)
    with ThreadPoolExecutor(2) as pool:
        return [pool.submit(simulate, key, drift) for drift in drifts]  # KS201


def simulate_with_keys(drifts):
    keys = jax.random.split(jax.random.key(2), len(drifts))
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(simulate, keys, drifts))


def simulate_twice(results):
    key = jax.random.key(3)
    threading.Thread(target=simulate, args=(key, 0.1)).start()
    threading.Thread(target=lambda: results.append(simulate(key, 0.2))).start()  # KS101


def simulate_apart():
    key = jax.random.key(4)
    for name in range(2):
        threading.Thread(target=simulate, args=(jax.random.fold_in(key, name), 0.3)).start()
