"""NNX models under plain `jax.jit`."""

from functools import partial

import jax
from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.drop = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.drop(x)


def train(x):
    graph, state = nnx.split(Net(nnx.Rngs(0)))

    @jax.jit
    def step(state, x):
        return nnx.merge(graph, state)(x)

    for _ in range(3):
        step(state, x)  # KS201


def train_and_return(x):
    graph, state = nnx.split(Net(nnx.Rngs(0)))

    @jax.jit
    def step(state, x):
        model = nnx.merge(graph, state)
        y = model(x)
        return nnx.state(model), y

    for _ in range(3):
        state, _ = step(state, x)


def train_with_nnx(x):
    model = Net(nnx.Rngs(0))

    @nnx.jit
    def step(model, x):
        return model(x)

    for _ in range(3):
        step(model, x)


# Rngs made anew in a compiled step.


@nnx.jit
def step_of_rngs(model, x):
    rngs = nnx.Rngs(dropout=1)
    return x + jax.random.normal(rngs.dropout(), x.shape)  # KS503


def train_with_one_mask(model, x):
    for _ in range(3):
        x = step_of_rngs(model, x)
    return x


def reseeded_in_each_step(model, xs, seed):
    for x in xs:
        nnx.reseed(model, dropout=seed + 1)  # KS106
        model(x)


def reseeded_by_the_step(model, xs):
    for step, x in enumerate(xs):
        nnx.reseed(model, dropout=step)
        model(x)


# Rngs that are handed to a model which is not seen.


def loss_of(model, x, rngs):
    return (model(x, rngs) ** 2).mean()


@nnx.jit
def noisy_step(model, optimizer, x, rngs):
    gradient = nnx.grad(loss_of)(model, x, rngs)
    optimizer.update(model, gradient)


def rebuilt_for_each_batch(model, optimizer, xs, seed):
    for x in xs:
        rngs = nnx.Rngs(noise=seed + 1)  # or the seed, which is no other in any turn
        noisy_step(model, optimizer, x, rngs)  # KS106


def rebuilt_without_compiling(model, update, xs):
    for x in xs:
        model = update(model, x, nnx.Rngs(dropout=1))  # KS106
    return model


def built_once(model, optimizer, xs, seed):
    rngs = nnx.Rngs(noise=seed + 1)
    for x in xs:
        noisy_step(model, optimizer, x, rngs)


def of_the_step(model, update, xs):
    for step, x in enumerate(xs):
        model = update(model, x, nnx.Rngs(dropout=step))
    return model


def models_of_folds(make, folds):
    return [make(nnx.Rngs(0)).fit(fold) for fold in folds]


class Engine:
    def __init__(self, model):
        self.graph, self.params, self.rest = nnx.split(model, nnx.Param, ...)
        self._step = jax.jit(partial(self._train, scale=0.1))

    def _train(self, params, rest, x, *, scale):
        model = nnx.merge(self.graph, params, rest)
        gradient = nnx.grad(lambda m, x: m(x).sum())(model, x)
        return jax.tree.map(lambda p, g: p - scale * g, params, gradient)

    def step(self, x):
        self.params = self._step(self.params, self.rest, x)  # KS201


def train_by_an_engine(xs):
    engine = Engine(Net(nnx.Rngs(0)))
    for x in xs:
        engine.step(x)
