"""Calls that leave out a key which a function of another file has as its default."""

import jax
from key_as_default_or_attribute import (
    asked_for,
    jittered,
    late,
    none_by_default,
    sample,
    shifted,
    start,
)


@jax.jit
def step(w, x):
    return w + sample(x.shape[0]).sum()  # KS108


def shifted_rows_by_one_key(x):
    return shifted(x)  # KS108


def shifted_columns_by_one_key(x):
    return shifted(x.T).T


def two_layers_of_one_seed():
    return start(3), start(4)  # KS101


# Near misses: the key is given, or the one call of a run does without.


def once_by_one_key():
    return late(3)


def given_elsewhere(x):
    return x + jittered(x)


def given(x, key):
    return jittered(x, jax.random.fold_in(key, 1)) + jittered(x, jax.random.fold_in(key, 2))


@jax.jit
def asked(x, key):
    return x + asked_for(3, key=key) + none_by_default(3)
