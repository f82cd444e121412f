"""Counters that begin again."""

import jax


def epochs(key, n):
    total = 0.0
    for _ in range(n):
        for step in range(100):
            total += jax.random.normal(jax.random.fold_in(key, step))  # KS204
    return total


def loader(key, batches, n):
    total = 0.0
    for _ in range(n):
        for i, x in enumerate(batches):
            total += x * jax.random.normal(jax.random.fold_in(key, i))  # KS204
    return total


# Near misses.


def both_folded(key, n):
    total = 0.0
    for epoch in range(n):
        epoch_key = jax.random.fold_in(key, epoch)
        for step in range(100):
            total += jax.random.normal(jax.random.fold_in(epoch_key, step))
    return total


def counted_through(key, n):
    total, count = 0.0, 0
    for _ in range(n):
        for _ in range(100):
            total += jax.random.normal(jax.random.fold_in(key, count))
            count += 1
    return total
