"""Keys by name: one name used twice is one key."""

import jax

import keystream as ks

streams = ks.Streams(0, "params", "dropout", "noise")


def twice(step, x):
    a = jax.random.normal(streams.key("noise", step), x.shape)
    return a + jax.random.normal(streams.key("noise", step), (2,))  # KS101


def every_step_the_same(model, variables, batches):
    total = 0.0
    for x in batches:
        total += ks.dropout(streams.key("dropout", 0), x, 0.5)  # KS203
    return total


def named_by_step(batches):
    total = 0.0
    for step, x in enumerate(batches):
        total += ks.dropout(streams.key("dropout", step), x, 0.5)
    return total


def two_names(step, x):
    return jax.random.normal(streams.key("noise", step)) + ks.dropout(
        streams.key("dropout", step), x, 0.5
    )


def rate(step, x):
    return ks.dropout(streams.key("dropout", step), x, 5)  # KS603
