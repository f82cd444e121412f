"""Functions that are kept in a table: by a decorator, by a dictionary, by an object; and asked for later."""

import functools

import jax
import jax.numpy as jnp

AUGMENTATIONS = {}


def augmentation(name):
    def keep(function):
        AUGMENTATIONS[name] = function
        return function

    return keep


@augmentation("jitter")
def jitter(key, image):
    return image + 0.05 * jax.random.normal(key, image.shape)


@augmentation("cutout")
def cutout(key, image):
    return image * jax.random.bernoulli(key, 0.8, image.shape)


def by_name(names, key, image):
    for name in names:
        image = AUGMENTATIONS[name](key, image)  # KS201
    return image


def by_name_anew(names, key, image):
    for name in names:
        key, sub = jax.random.split(key)
        image = AUGMENTATIONS[name](sub, image)
    return image


def all_of_them(key, image):
    for function in AUGMENTATIONS.values():
        image = function(key, image)  # KS201
    return image


def one_after_the_other(key, image):
    image = AUGMENTATIONS["jitter"](key, image)
    return AUGMENTATIONS["cutout"](key, image)  # KS101


def one_or_the_other(key, image, cut):
    if cut:
        return AUGMENTATIONS["cutout"](key, image)
    return AUGMENTATIONS["jitter"](key, image)


# By the function's own name.

MOVES = {}


def move(function):
    MOVES[function.__name__] = function
    return function


@move
def gaussian(key, x):
    return x + jax.random.normal(key, x.shape)


@move
def heavy(key, x):
    return x + jax.random.t(key, 3.0, x.shape)


def chain(key, x):
    x = MOVES["gaussian"](key, x)
    return MOVES["heavy"](key, x)  # KS101


def two_chains(key, x):
    left, right = jax.random.split(key)
    return MOVES["gaussian"](left, x), MOVES["heavy"](right, x)


# An object that keeps them, and a function that builds of a table.


class Registry:
    def __init__(self):
        self._table = {}

    def register(self, name):
        def keep(function):
            self._table[name] = function
            return function

        return keep

    def get(self, name):
        return self._table[name]


ENVIRONMENTS = Registry()


@ENVIRONMENTS.register("walk")
def walk(key, state):
    return state + jax.random.normal(key, state.shape)


def rollout(seed, horizon):
    key, state = jax.random.key(seed), jnp.zeros(2)
    step = ENVIRONMENTS.get("walk")
    for _ in range(horizon):
        state = step(key, state)  # KS201
    return state


def fresh_rollout(seed, horizon):
    state = jnp.zeros(2)
    step = ENVIRONMENTS.get("walk")
    for key in jax.random.split(jax.random.key(seed), horizon):
        state = step(key, state)
    return state


def variational(params, key, x):
    z = x @ params + jax.random.normal(key, (x.shape[0], params.shape[1]))
    return jnp.mean(z**2)


def squared(params, key, x):
    return jnp.mean((x @ params) ** 2)


LOSSES = {"variational": variational, "squared": squared}


def build(name):
    if name not in LOSSES:
        raise ValueError(name)
    return jax.jit(functools.partial(LOSSES[name]))


def fit(seed, params, batches):
    key = jax.random.key(seed)
    loss_of = build("variational")
    for x in batches:
        params = params - 0.1 * loss_of(params, key, x)  # KS201
    return params


def fit_without_noise(seed, params, batches):
    key = jax.random.key(seed)
    loss_of = build("squared")
    for x in batches:
        params = params - 0.1 * loss_of(params, key, x)
    return params


# A table that each call fills for itself says nothing of the next call's.


def local(key, x, wide):
    table = {}

    def keep(function):
        table["noise"] = function
        return function

    keep(gaussian if wide else heavy)
    return table["noise"](key, x)


# Functions that an object is given, as many as there are.


class Pipeline:
    def __init__(self, *steps):
        self.steps = steps

    def __call__(self, key, x):
        for step in self.steps:
            x = step(key, x)  # KS201
        return x

    def anew(self, key, x):
        for step, sub in zip(self.steps, jax.random.split(key, len(self.steps))):
            x = step(sub, x)
        return x
