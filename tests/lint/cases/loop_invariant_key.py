"""Draws in a loop from a key that stays."""

import jax
import jax.numpy as jnp


def python_loop(key, n):
    total = 0.0
    for _ in range(n):
        total += jax.random.normal(key)  # KS203
    return total


def scanned(key, x, n):
    def body(x, _):
        return x + jax.random.normal(key, x.shape), None

    return jax.lax.scan(body, x, None, length=n)[0]  # KS203


def carried_unchanged(key, x, n):
    def body(i, carry):
        x, key = carry
        return x + jax.random.normal(key, x.shape), key

    return jax.lax.fori_loop(0, n, body, (x, key))[0]  # KS203


def while_loop(key, x):
    def body(x):
        return x + jax.random.normal(key, x.shape)

    return jax.lax.while_loop(lambda x: jnp.sum(x) < 10, body, x)  # KS203


def split_inside(key, n):
    total = 0.0
    for _ in range(n):
        sub = jax.random.split(key)[0]
        total += jax.random.normal(sub)  # KS203
    return total


# Near misses.


def folded(key, x, n):
    def body(i, x):
        return x + jax.random.normal(jax.random.fold_in(key, i), x.shape)

    return jax.lax.fori_loop(0, n, body, x)


def carried(key, x, n):
    def body(carry, _):
        x, key = carry
        key, sub = jax.random.split(key)
        return (x + jax.random.normal(sub, x.shape), key), None

    return jax.lax.scan(body, (x, key), None, length=n)[0]


def over_keys(key, x, n):
    def body(x, k):
        return x + jax.random.normal(k, x.shape), None

    return jax.lax.scan(body, x, jax.random.split(key, n))[0]


def first_iteration_only(key, n):
    total = 0.0
    for i in range(n):
        if i == 0:
            total += jax.random.normal(key)
    return total


def until_made(key, n):
    start = None
    for _ in range(n):
        if start is None:
            start = jax.random.normal(key)
    return start


class Lazy:
    def __init__(self, key, model):
        self.key, self.model = key, model
        self.start = self.again = None
        self.table = None

    def until_made(self, steps):
        for _ in range(steps):
            if self.start is None:
                self.start = jax.random.normal(self.key)
            self.start = self.model(self.start)
        return self.start

    def made_and_dropped(self, steps, key):
        total = 0.0
        for _ in range(steps):
            if self.again is None:
                self.again = jax.random.normal(key)  # KS203
            total = self.model(total + self.again)
            self.again = None
        return total

    def of_another_name(self, steps, key):
        total = 0.0
        for _ in range(steps):
            if self.table is None:
                self.other = jax.random.normal(key)  # KS203
            total = self.model(total + self.other)
        return total


def made_in_the_first_stage(key, model, x):
    lazy = Lazy(key, model)
    for _ in range(3):
        x = model(x + lazy.until_made(10))
    return x


def made_for_each_object(key, model, x):
    for _ in range(3):
        x = model(x + Lazy(key, model).until_made(10))  # KS201
    return x


def a_mask_made_outside(key, xs):
    mask = jax.random.bernoulli(key, 0.5, xs.shape[1:])

    def body(total, x):
        return total + jnp.sum(x * mask), None

    return jax.lax.scan(body, 0.0, xs)[0]
