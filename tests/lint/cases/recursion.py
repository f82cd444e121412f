"""A function that calls itself and hands on its key: as it is, or one made of it."""

import jax
import jax.numpy as jnp


def cut(key, depth, low, high):
    point = jax.random.uniform(key, (), minval=low, maxval=high)
    if depth == 0:
        return point
    left = cut(key, depth - 1, low, point)  # KS101
    return left, point


def cut_anew(key, depth, low, high):
    key, own = jax.random.split(key)
    point = jax.random.uniform(own, (), minval=low, maxval=high)
    if depth == 0:
        return point
    left, right = jax.random.split(key)
    return cut_anew(left, depth - 1, low, point), cut_anew(right, depth - 1, point, high)


def drawn_on_the_way_up(rng, level, scale):
    if level == 0:
        return jnp.zeros(2)
    coarse = drawn_on_the_way_up(rng, level - 1, 2 * scale)
    noise = scale * jax.random.normal(rng, coarse.shape)  # KS101
    return jnp.repeat(coarse + noise, 2)


def by_level(rng, level, scale):
    if level == 0:
        return jnp.zeros(2)
    coarse = by_level(rng, level - 1, 2 * scale)
    noise = scale * jax.random.normal(jax.random.fold_in(rng, level), coarse.shape)
    return jnp.repeat(coarse + noise, 2)


def by_the_same_number(rng, level, scale):
    if level == 0:
        return jnp.zeros(2)
    coarse = by_the_same_number(rng, level - 1, 2 * scale)
    noise = scale * jax.random.normal(jax.random.fold_in(rng, 1), coarse.shape)  # KS101
    return jnp.repeat(coarse + noise, 2)


# The key goes down unused, or is drawn from where nothing goes down.


def down_to_the_last(key, depth):
    if depth == 0:
        return jax.random.normal(key)
    return 1 + down_to_the_last(key, depth - 1)


def of_shapes(key, shapes):
    if isinstance(shapes, dict):
        keys = jax.random.split(key, len(shapes))
        return {name: of_shapes(sub, shapes[name]) for name, sub in zip(shapes, keys)}
    return jax.random.normal(key, shapes)


def with_a_default(key, x=None):
    if x is None:
        return with_a_default(key, jnp.ones(3))
    return x + jax.random.normal(key, x.shape)


# One by another, by a method, and without a key.


def even(key, n):
    return 0.0 if n == 0 else jax.random.normal(key) + odd(key, n - 1)  # KS101


def odd(key, n):
    return jax.random.uniform(key) - even(key, n - 1)  # KS101


class Grower:
    def grow(self, key, depth):
        angle = jax.random.normal(key)
        if depth == 0:
            return [angle]
        return [angle, *self.grow(key, depth - 1)]  # KS101

    def grow_anew(self, key, depth):
        angle_key, key = jax.random.split(key)
        angle = jax.random.normal(angle_key)
        if depth == 0:
            return [angle]
        return [angle, *self.grow_anew(key, depth - 1)]

    def height(self, depth):
        return 0 if depth == 0 else 1 + self.height(depth - 1)
