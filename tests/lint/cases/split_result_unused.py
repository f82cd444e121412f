"""Splits whose keys nobody takes."""

import jax


def thrown_away(key):
    jax.random.split(key)  # KS107
    return jax.random.normal(jax.random.fold_in(key, 1))


def kept(key):
    key, sub = jax.random.split(key)
    return jax.random.normal(sub)


def text():
    "a b".split()


def read_in_the_next_turn(key, draw, steps):
    for _ in range(steps):
        key, sub = jax.random.split(key)
        draw(sub)
