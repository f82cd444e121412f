"""Seeds that differ in the program and are equal to JAX."""

import jax
import keras


def floats(key):
    return [jax.random.normal(jax.random.fold_in(key, sigma)) for sigma in (0.1, 0.5)]  # KS109


def quotient(key, i):
    return jax.random.normal(jax.random.fold_in(key, i / 2))  # KS109


def sums(epochs, steps):
    total = 0.0
    for epoch in range(epochs):
        for step in range(steps):
            total += jax.random.normal(jax.random.key(epoch + step))  # KS109
    return total


def layers():
    return [keras.layers.Dropout(0.5, seed=1), keras.layers.Dropout(0.5, seed=1)]  # KS109


def cut():
    return jax.random.normal(jax.random.key(7 + 2**32))  # KS109


def masked(key):
    total = 0.0
    for step in range(1000):
        total += jax.random.normal(jax.random.fold_in(key, step % 100))  # KS109
    return total


# Near misses.


def integers(key):
    return [jax.random.normal(jax.random.fold_in(key, i)) for i in (1, 2)]


def strided(epochs, steps):
    total = 0.0
    for epoch in range(epochs):
        for step in range(steps):
            total += jax.random.normal(jax.random.key(epoch * steps + step))
    return total


def offset(seed, n):
    return [jax.random.normal(jax.random.key(seed + i)) for i in range(n)]
