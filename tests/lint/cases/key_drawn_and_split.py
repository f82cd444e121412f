"""Keys that are drawn from and derived from."""

import flax.linen as nn
import jax
import jax.numpy as jnp


def drawn_then_split(key):
    x = jax.random.normal(key)
    key, sub = jax.random.split(key)  # KS102
    return x + jax.random.normal(sub)


def split_then_drawn(key):
    _, sub = jax.random.split(key)
    return jax.random.normal(sub) + jax.random.normal(key)  # KS102


def drawn_then_folded(key, step):
    x = jax.random.normal(key)
    return x + jax.random.normal(jax.random.fold_in(key, step))  # KS102


def helper(key):
    k1, k2 = jax.random.split(key)
    return jax.random.normal(k1) + jax.random.normal(k2)


def through_a_function(key):
    order = jax.random.permutation(key, 10)
    return order, helper(key)  # KS102


def with_a_model(key):
    model = nn.Dense(3)
    x = jax.random.normal(key, (2, 3))
    return model, x


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(3)(x)


def data_and_weights(key):
    x = jax.random.normal(key, (2, 3))
    return x, Net().init(key, x)  # KS102


# Near misses.


def shapes_for_the_weights(key):
    x = jax.random.normal(key, (2, 3))
    batch = jax.tree.map(lambda part: part[None], x)
    return Net().init(key, batch)


def overwritten_by_the_split(setup, run, key):
    evaluate, keys = setup(key)
    for _ in range(3):
        key, *keys = jax.random.split(key, 4)
        run(evaluate, keys)


def read_before_the_split(setup, run, key):
    evaluate, keys = setup(key)
    run(evaluate, keys)
    for _ in range(3):
        key, *keys = jax.random.split(key, 4)  # KS102
        run(evaluate, keys)


def parent_not_used_again(key):
    key, sub = jax.random.split(key)
    return jax.random.normal(key) + jax.random.normal(sub)


def only_the_parts(key):
    for_data, for_weights = jax.random.split(key)
    return Net().init(for_weights, jax.random.normal(for_data, (2, 3)))


def folded_only(key):
    return jax.random.normal(jax.random.fold_in(key, 0)) + jax.random.normal(
        jax.random.fold_in(key, 1)
    )


def in_other_branches(key, flag):
    if flag:
        return jax.random.normal(key)
    key, sub = jax.random.split(key)
    return jax.random.normal(sub)


# The function is not known: it draws from the key, or has split it as well.


def unknown(draw, key):
    x = draw(key)
    return x, jax.random.split(key), jnp.zeros(3)  # KS102


def carried_after_a_draw(key, ys):
    def step(key, y):
        keys = jax.random.split(key, 2)  # KS102
        x = y + jax.random.normal(keys[1])
        return keys[0], x * jax.random.uniform(keys[0])

    return jax.lax.scan(step, key, ys)


def carried_apart(key, ys):
    def step(key, y):
        keys = jax.random.split(key, 3)
        x = y + jax.random.normal(keys[1])
        return keys[0], x * jax.random.uniform(keys[2])

    return jax.lax.scan(step, key, ys)
