"""Members of an ensemble, which should begin apart; and what is made anew for other reasons."""

import equinox as eqx
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(3)(x)


def comprehension(x):
    key = jax.random.key(1)
    return [Net().init(key, x) for _ in range(4)]  # KS101


def comprehension_of_layers(x):
    return [nn.Dense(2).init(jax.random.key(2), x) for _ in range(4)]  # KS106


def alike(x):
    model, key = Net(), jax.random.key(1)
    return [model.init(key, x) for _ in range(4)]  # KS101


def appended(x):
    model, members = Net(), []
    for _ in range(4):
        members.append(model.init(jax.random.key(1), x))  # KS106
    return members


def named_first(x):
    model, members = nn.Dense(3), {}
    for number in range(4):
        params = model.init(jax.random.key(1), x)  # KS106
        members[number] = params
    return members


def batched(x):
    key = jax.random.key(1)
    return jax.vmap(lambda _: Net().init(key, x))(jnp.arange(4))  # KS303


def nnx_members():
    members = []
    for _ in range(3):
        members.append(nnx.Linear(3, 3, rngs=nnx.Rngs(params=1)))  # KS106
    return members


def equinox_members():
    return [eqx.nn.Linear(3, 3, key=jax.random.key(0)) for _ in range(3)]  # KS106


# No ensembles.


def of_widths(x):
    key = jax.random.key(1)
    return [nn.Dense(width).init(key, x) for width in (2, 3)]


def apart(x):
    model, keys = Net(), jax.random.split(jax.random.key(1), 4)
    members = [model.init(key, x) for key in keys]
    for number in range(4):
        members.append(model.init(jax.random.fold_in(keys[0], number), x))
    return members, jax.vmap(lambda key: model.init(key, x))(keys)


def train_from_one_beginning(x, train):
    model, results = Net(), []
    for rate in (0.1, 0.01):
        params = model.init(jax.random.key(1), x)
        results.append(train(params, rate))
    return results


def made_for_its_shapes(xs):
    model = Net()
    for x in xs:
        print(jax.tree.map(jnp.shape, model.init(jax.random.key(1), x)))


# Members in objects of the project.


class Coder(nnx.Module):
    def __init__(self, width, rngs):
        self.layer = nnx.Linear(width, width, rngs=rngs)


class Member:
    def __init__(self, model, source, rate=0.1):
        self.model, self.source, self.rate = model, source, rate


def boxed(config):
    members = []
    for source in np.random.SeedSequence(config.seed).spawn(config.members):
        model = Coder(3, nnx.Rngs(config.seed))  # KS106
        optimizer = nnx.Optimizer(model, optax.adam(0.1), wrt=nnx.Param)
        print(optimizer)
        members.append(Member(model, np.random.default_rng(source)))
    return members


def boxed_apart(config):
    members = []
    for number in range(config.members):
        model = Coder(3, nnx.Rngs(config.seed + number))
        members.append(Member(model, np.random.default_rng(number)))
    return members


def boxed_by_a_setting(config):
    members = []
    for rate in config.rates:
        model = Coder(3, nnx.Rngs(config.seed))
        members.append(Member(model, np.random.default_rng(config.seed), rate))
    return members


def trained_from_one_beginning(config, train):
    results = []
    for _ in range(config.runs):
        model = Coder(3, nnx.Rngs(config.seed))
        results.append(train(model))
    return results


# Objects of a list, each with the key that it was made with.


class Source:
    def __init__(self, key):
        self.key, self.start = key, key

    def draw(self):
        self.key, sub = jax.random.split(self.key)
        return jax.random.normal(sub)

    def again(self):
        return jax.random.normal(self.start)


def sources_of(key, count):
    sources = []
    for each in jax.random.split(key, count):
        sources.append(Source(each))
    return sources


def each_from_its_own(key, count):
    return [source.draw() for source in sources_of(key, count)]


def each_from_its_start(key, count):
    sources = [Source(each) for each in jax.random.split(key, count)]
    return [source.again() for source in sources]


def one_of_them(key, count):
    sources = sources_of(key, count)
    return sources[0].again() + sources[1].again()


def in_every_step(key, count, state):
    sources = sources_of(key, count)
    for _ in range(10):
        for source in sources:
            state = state + source.again()  # KS201
    return state


def with_the_state_of_its_optimiser(x, key):
    members, optimiser = [], optax.adam(0.1)
    for _ in range(4):
        params = Net().init(key, x)  # KS203
        members.append((params, optimiser.init(params)))
    return members


def with_a_named_state(x, key):
    members, optimiser = [], optax.adam(0.1)
    for _ in range(4):
        params = Net().init(key, x)  # KS203
        state = optimiser.init(params)
        members.append({"params": params, "state": state})
    return members


def through_a_compiled_init(x, key):
    members, begin = [], jax.jit(lambda k: Net().init(k, x))
    for _ in range(4):
        params = begin(key)  # KS201
        members.append(params)
    return members


def trained_from_one_start(x, key, fit, parts):
    members = []
    for part in parts:
        params = Net().init(key, x)
        params = fit(params, part)
        members.append(params)
    return members


def counted_before(x, key, count):
    members = []
    for _ in range(4):
        params = Net().init(key, x)
        count(params)
        members.append(params)
    return members
