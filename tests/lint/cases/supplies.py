"""Keys of which there are too few: cycles, generators, indices beyond the last."""

import itertools

import jax


@jax.jit
def step(x, key):
    return x + jax.random.normal(key, x.shape)


def cycled(x, key, epochs):
    keys = itertools.cycle(jax.random.split(key, 8))  # KS201
    for _ in range(epochs):
        for _ in range(8):
            x = step(x, next(keys))
    return x


def wrapped(x, key):
    keys = jax.random.split(key, 8)
    for i in range(100):
        x = step(x, keys[i % 8])  # KS201
    return x


def beyond(x, key, warmup, samples):
    keys = jax.random.split(key, samples)

    def body(i, x):
        return step(x, keys[i])  # KS201

    return jax.lax.fori_loop(0, warmup + samples, body, x)


def handed_out(xs, key):
    for x in xs:
        key, sub = jax.random.split(key)
        yield x, sub


def begun_again(xs, key, epochs):
    total = 0.0
    for _ in range(epochs):
        for x, sub in handed_out(xs, key):
            total += step(x, sub)  # KS201
    return total


# Near misses.


def enough(x, key):
    keys = jax.random.split(key, 100)
    for i in range(100):
        x = step(x, keys[i])
    return x


def made_anew(x, key, n):
    for i in range(n):
        key, sub = jax.random.split(key)
        keys = jax.random.split(sub, 8)
        x = step(x, keys[i % 8])
    return x


def endless(key):
    while True:
        key, sub = jax.random.split(key)
        yield sub


def one_stream(xs, key, epochs):
    keys = endless(key)
    total = 0.0
    for _ in range(epochs):
        for x in xs:
            total += step(x, next(keys))
    return total
