"""What is called a key, and is one of a dictionary."""

import logging

import jax
import tensorflow as tf


def mismatches(expected, found):
    differing = []
    for key in sorted(expected.keys() & found.keys()):
        value = found[key]
        if value.shape != expected[key].shape:
            differing.append((key, value.shape, expected[key].shape))
    for key, one, other in differing:
        logging.error("%s: %s is not %s", key, one, other)


def names(params, model, video):
    for m_key, m_params in params.items():
        for modality in model.fusion:
            name = "{}_".format(m_key) + modality
            if name in params:
                video[name] = model.convert(m_params, m_key)


def base(key):
    return tf.strings.split(key, sep="/")[-2], tf.strings.split(key, sep="/")[-1]


def a_key_that_is_drawn_from(model, key, steps):
    for step in range(steps):
        model.run(key, step)  # KS201


def shapes_alone(init_fn, apply_fn, shaped):
    def init_and_apply(rng, x):
        _, params = init_fn(rng, x.shape)
        return apply_fn(params, x, rng=rng)

    return jax.eval_shape(init_and_apply, jax.eval_shape(jax.random.key, 0), shaped)


def numbers_too(init_fn, apply_fn, x, rng):
    _, params = init_fn(rng, x.shape)
    return apply_fn(params, x, rng=rng)  # KS101


def one_seed_of_the_log(seed=None):
    import time

    if seed is None:
        seed = int(time.time())
        logging.info("no seed given: %s", seed)
    return jax.random.key(seed)


def a_seed_that_nobody_sees(seed=None):
    import time

    if seed is None:
        seed = int(time.time())
    return jax.random.key(seed)  # KS502


def rows_together(key, x, y):
    x = jax.random.choice(key, x, (8,), replace=False)
    y = jax.random.choice(key, y, (8,), replace=False)
    return x, y


def a_pick_of_each_list(key, colours, forms):
    colour = jax.random.choice(key, colours)
    form = jax.random.choice(key, forms)  # KS101
    return colour, form
