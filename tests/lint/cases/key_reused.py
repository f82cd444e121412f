"""Draws that share a key: in one function, through functions, over loops that are expressions."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jax import random
from jax.random import normal, split


def twice(key):
    a = jax.random.normal(key, (3,))
    b = jax.random.uniform(key, (3,))  # KS101
    return a + b


def under_aliases(key):
    return jr.normal(key) + random.uniform(key)  # KS101


def imported_by_name(key):
    first = normal(key)
    return first * normal(key, (2,))  # KS101


def after_a_copy(key):
    other = key
    x = jax.random.normal(key)
    return x + jax.random.normal(other)  # KS101


def element_of_a_split(key):
    keys = split(key, 3)
    a = jax.random.normal(keys[0])
    b = jax.random.normal(keys[1])
    c = jax.random.normal(keys[0])  # KS101
    return a + b + c


def last_element(key):
    keys = split(key, 3)
    return jax.random.normal(keys[-1]) + jax.random.normal(keys[2])  # KS101


def split_again(key):
    k1, k2 = split(key)
    a = jax.random.normal(k1) + jax.random.normal(k2)
    k3, k4 = split(key)  # KS101
    return a + jax.random.normal(k3) + jax.random.normal(k4)


def noise(key, x):
    return x + jax.random.normal(key, x.shape)


def mask(key, x):
    return jnp.where(jax.random.bernoulli(key, 0.5, x.shape), x, 0)


def through_functions(key, x):
    x = noise(key, x)
    return mask(key, x)  # KS101


def two_views(key, x):
    first = noise(key, x)
    second = noise(key, x)  # KS101
    return first, second


def through_partial(key, x):
    noisy = partial(noise, key)
    return mask(key, noisy(x))  # KS101


def in_a_comprehension(key, n):
    return [jax.random.normal(key, (4,)) for _ in range(n)]  # KS101


def for_every_leaf(key, params):
    return jax.tree.map(lambda p: p + jax.random.normal(key, p.shape), params)  # KS101


class Net(eqx.Module):
    up: eqx.nn.Linear
    down: eqx.nn.Linear

    def __init__(self, key):
        self.up = eqx.nn.Linear(4, 8, key=key)
        self.down = eqx.nn.Linear(8, 4, key=key)  # KS101


def critics(key):
    first = Layer(key)
    second = Layer(key)  # KS101
    return first, second


class Layer(eqx.Module):
    layer: eqx.nn.Linear

    def __init__(self, key):
        self.layer = eqx.nn.Linear(4, 8, key=key)


def in_a_dictionary(rngs):
    a = jax.random.normal(rngs["noise"])
    return a + jax.random.normal(rngs["noise"])  # KS101


def after_a_branch(key, flag):
    x = 0.0
    if flag:
        x = jax.random.normal(key)
    return x + jax.random.uniform(key)  # KS101


def in_a_nested_function(key, x):
    def inner(y):
        return y + jax.random.normal(key, y.shape)

    return inner(x) + jax.random.uniform(key)  # KS101


def next_turn(key, x, n):
    for t in range(n):
        x = x + jax.random.normal(jax.random.fold_in(key, t))
        x = x * jax.random.uniform(jax.random.fold_in(key, t + 1))  # KS101
    return x


def next_key_of_the_list(key, x):
    keys = jax.random.split(key, 101)
    for t in range(100):
        x = noise(keys[t], x) + noise(keys[t + 1], x)  # KS101
    return x


# Near misses.


def exclusive(key, flag):
    if flag:
        return jax.random.normal(key)
    return jax.random.uniform(key)


def exclusive_arms(key, kind):
    if kind == "normal":
        x = jax.random.normal(key)
    elif kind == "uniform":
        x = jax.random.uniform(key)
    else:
        x = 0.0
    return x


def separate_conditions(key, kind):
    x = 0.0
    if kind == "normal":
        x = jax.random.normal(key)
    if kind == "uniform":
        x = jax.random.uniform(key)
    return x


def contradicting_conditions(key, flag):
    x = 0.0
    if flag:
        x = jax.random.normal(key)
    if not flag:
        x = jax.random.uniform(key)
    return x


def conditional_expression(key, flag):
    return jax.random.normal(key) if flag else jax.random.uniform(key)


def matched(key, kind):
    match kind:
        case "normal":
            return jax.random.normal(key)
        case _:
            return jax.random.uniform(key)


def renewed(key):
    key, sub = jax.random.split(key)
    a = jax.random.normal(sub)
    key, sub = jax.random.split(key)
    return a + jax.random.normal(sub)


def cloned(key):
    return jax.random.normal(key) - jax.random.normal(jax.random.clone(key))


def under_cond(key, flag):
    return jax.lax.cond(flag, jax.random.normal, lambda k: jax.random.uniform(k), key)


def early(key, flag):
    if flag:
        raise ValueError(jax.random.normal(key))
    return jax.random.normal(key)


def tried(key):
    try:
        return jax.random.normal(key, (3,))
    except TypeError:
        return jax.random.normal(key)


def unpacked(key):
    a, *rest = jax.random.split(key, 3)
    b, c = rest
    return jax.random.normal(a) + jax.random.normal(b) + jax.random.normal(c)


def loss(params, key, x):
    return noise(key, x * params).sum()


def value_then_gradient(params, key, x):
    return loss(params, key, x), jax.grad(loss)(params, key, x)


def shapes_first(key):
    jax.eval_shape(lambda k: jax.random.normal(k, (3,)), key)
    return jax.random.normal(key, (3,))


def stateful(source):
    return jax.random.normal(source.next_key()) + jax.random.normal(source.next_key())


def target_network(key):
    online = Layer(key)
    target = Layer(key)  # note: KS101
    return online, target


def compared(key, x):
    first = noise(key, x)
    second = jax.jit(noise)(key, x)
    assert jnp.allclose(first, second)


def compiled_first(key, x):
    noise(key, x).block_until_ready()
    return noise(key, x)


def spare_keys(key):
    first = split(key)
    second = split(key)
    return jax.random.normal(first[0]), len(second)


# Not seen: the two keys are equal only in value, or an unknown function draws from both.


def equal_in_value(key, other):
    key = jnp.where(True, key, other)
    other = key + 0
    return jax.random.normal(key) + jax.random.normal(other)


def elsewhere(sample, key):
    return sample(key) + sample(key)  # KS101


def even_and_odd(key, x, n):
    for t in range(n):
        x = x + jax.random.normal(jax.random.fold_in(key, 2 * t))
        x = x * jax.random.uniform(jax.random.fold_in(key, 2 * t + 1))
    return x


def key_of_the_turn(key, x, n):
    for t in range(n):
        key, sub = jax.random.split(key)
        x = x + jax.random.normal(jax.random.fold_in(sub, t))
        x = x * jax.random.uniform(jax.random.fold_in(sub, t + 1))
    return x


def augment(key, image):
    return image * jax.random.uniform(key, image.shape)


def two_views(key, images):
    make_view = partial(jax.vmap(augment), jax.random.split(key, len(images)))
    return make_view(images), make_view(images)  # KS101
