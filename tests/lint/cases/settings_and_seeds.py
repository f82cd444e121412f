"""Seeds that a loop goes through again, for each setting or for nothing."""

import jax
import numpy as np


def each_number_of_states_begins_from_the_same_seeds(data):
    scores, models = [], []
    for states in range(2, 5):
        for seed in range(3):
            key = jax.random.key(seed)
            weights = jax.random.normal(key, (states,))  # note: KS109
            for _ in range(3):
                weights = weights - 0.1 * (weights - data[:states])
            scores.append(float(weights.sum()))
            models.append(weights)
    return models[int(np.argmax(scores))]


def the_state_is_handed_on(weights, data, step):
    for _ in range(3):
        for i, batch in enumerate(data):
            key = jax.random.key(i)
            weights = step(weights, batch, jax.random.normal(key, (3,)))  # KS109
    return weights


def every_batch_has_the_same_samples(predict, data):
    found = []
    for batch in data:
        for sample in range(4):
            key = jax.random.key(100 + sample)
            found.append(predict(batch, jax.random.normal(key, (3,))))  # KS109
    return found


def one_beyond_the_last_child(key, count):
    keys = jax.random.split(key, count)
    return keys, jax.random.fold_in(key, count)


def one_of_the_children(key, count):
    keys = jax.random.split(key, count)
    return keys, jax.random.fold_in(key, 2)  # KS103
