"""Models that are switched to inference and trained on."""

import contextlib

import equinox as eqx
import jax
import jax.numpy as jnp
from flax import nnx


class Net(eqx.Module):
    linear: eqx.nn.Linear
    drop: eqx.nn.Dropout

    def __init__(self, key):
        self.linear = eqx.nn.Linear(4, 1, key=key)
        self.drop = eqx.nn.Dropout(0.5)

    def __call__(self, x, key=None):
        return self.linear(self.drop(x, key=key))


def loss(model, x, key):
    return jnp.mean(jax.vmap(model)(x, jax.random.split(key, len(x))))


@eqx.filter_jit
def step(model, x, key):
    gradient = eqx.filter_grad(loss)(model, x, key)
    return eqx.apply_updates(model, gradient)


def measured_and_kept(xs, key):
    model = Net(jax.random.key(0))
    for i, x in enumerate(xs):
        model = step(model, x, jax.random.fold_in(key, i))
        if i % 10 == 0:
            model = eqx.nn.inference_mode(model)  # KS602
            print(jnp.mean(jax.vmap(model)(x)))
    return model


def val_error(model, x, key):
    return jnp.mean(jax.vmap(model)(x, jax.random.split(key, len(x))) ** 2)  # KS601


def measured_in_training_mode(x, key):
    model = Net(jax.random.key(1))
    return val_error(model, x, key)


class Noisy(nnx.Module):
    def __init__(self, rngs):
        self.drop = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.drop(x)


@nnx.jit
def nnx_step(model, x):
    return nnx.grad(lambda m: jnp.mean(m(x)))(model)


def evaluate(model, x):
    model.eval()  # KS602
    return model(x)


def never_switched_back(xs):
    model = Noisy(nnx.Rngs(0))
    for x in xs:
        nnx_step(model, x)
        evaluate(model, x)


loss_of = nnx.jit(lambda m, x: jnp.mean(m(x)))


@nnx.jit
def second_step(model, x):
    return nnx.grad(lambda m: jnp.mean(m(x)))(model)


def validated(model, x):
    model.eval()  # KS602
    return loss_of(model, x)


def trained_once_before(model, xs):
    model.train()
    for x in xs:
        second_step(model, x)
        validated(model, x)


trained_once_before(Noisy(nnx.Rngs(0)), jnp.ones((2, 3)))


# Near misses.


def measured_on_a_copy(xs, key):
    model = Net(jax.random.key(0))
    for i, x in enumerate(xs):
        model = step(model, x, jax.random.fold_in(key, i))
        if i % 10 == 0:
            print(jnp.mean(jax.vmap(eqx.nn.inference_mode(model))(x)))
    return model


def switched_back(xs, key):
    model = Net(jax.random.key(0))
    for i, x in enumerate(xs):
        model = step(model, x, jax.random.fold_in(key, i))
        model = eqx.nn.inference_mode(model)
        print(jnp.mean(jax.vmap(model)(x)))
        model = eqx.nn.inference_mode(model, value=False)
    return model


def switched_back_too(xs):
    model = Noisy(nnx.Rngs(0))
    for x in xs:
        model.train()
        nnx_step(model, x)
        model.eval()
        print(model(x))


@contextlib.contextmanager
def evaluating(model):
    model.eval()
    try:
        yield model
    finally:
        model.train()


def validation_loss(model, x):
    with evaluating(model):
        return loss_of(model, x)


def switched_back_by_a_context(xs):
    model = Noisy(nnx.Rngs(0))
    for x in xs:
        nnx_step(model, x)
        print(validation_loss(model, x))


# Models that are not seen.


@nnx.jit
def unseen_step(model, optimizer, x):
    gradient = nnx.grad(lambda m: jnp.mean(m(x)))(model)
    optimizer.update(model, gradient)


class Engine:
    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer

    def validate(self, x):
        self.model.eval()  # KS602
        return jnp.mean(self.model(x))

    def fit(self, xs):
        self.model.train()
        for x in xs:
            unseen_step(self.model, self.optimizer, x)
            print(self.validate(x))


class Switching(Engine):
    def check(self, x):
        self.model.eval()
        return jnp.mean(self.model(x))

    def train(self, xs):
        for x in xs:
            self.model.train()
            unseen_step(self.model, self.optimizer, x)
            print(self.check(x))


def training(model):
    model.train()


def switched_by_a_function(model, optimizer, xs):
    for x in xs:
        training(model)
        unseen_step(model, optimizer, x)
        model.eval()
        print(model(x))


def saliency(model, xs):
    model.eval()
    return [nnx.grad(lambda m, x: jnp.mean(m(x)))(model, x) for x in xs]
