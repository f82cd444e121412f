"""Each rate is trained on the same folds, in an order that a generator draws when it begins."""

import jax
import jax.numpy as jnp


def folds(key, n, count):
    order = jax.random.permutation(key, n)
    for part in jnp.array_split(order, count):
        yield part


@jax.jit
def train(key, rate, rows):
    return rate * jax.random.normal(key, (3,)).sum() + rows.sum()


fold_key, train_key = jax.random.split(jax.random.key(0))
train_keys = jax.random.split(train_key, 3)
for rate in (0.0, 0.2):
    scores = []
    for key, rows in zip(train_keys, folds(fold_key, 12, 3), strict=True):
        scores.append(float(train(key, rate, rows)))
    print(rate, [round(s, 3) for s in scores])
