"""Methods that take their object a step further, with or without its key; nothing here calls them."""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import struct


@struct.dataclass
class Particles:
    positions: jax.Array
    weights: jax.Array
    key: jax.Array
    turn: int = 0


class Filter:
    def __init__(self, n, key):
        self.state = Particles(jnp.zeros((n, 2)), jnp.ones(n) / n, key)

    def predict(self, dt):
        noise = jax.random.normal(self.state.key, self.state.positions.shape)  # KS201
        self.state = self.state.replace(positions=self.state.positions + jnp.sqrt(dt) * noise)

    def weigh(self, observation):
        away = jnp.sum((self.state.positions - observation) ** 2, -1)
        self.state = self.state.replace(weights=jnp.exp(-away) * self.state.weights)

    def picture(self):
        return jax.random.choice(self.state.key, self.state.positions, (10,))


class Learned(NamedTuple):
    params: Any
    optimiser: Any
    rng: jax.Array


class Learner:
    def __init__(self, network, optimiser, rng):
        init_rng, rng = jax.random.split(rng)
        params = network.init(init_rng, jnp.ones((1, 4)))
        self._state = Learned(params, optimiser.init(params), rng)

        def update(state, batch):
            rng = jax.random.split(state.rng)[0]

            def loss(params):
                noise = jax.random.normal(rng, batch.shape)
                return jnp.mean((network.apply(params, batch + noise) - batch) ** 2)

            updates, kept = optimiser.update(jax.grad(loss)(state.params), state.optimiser)
            params = optax.apply_updates(state.params, updates)
            return state._replace(params=params, optimiser=kept)  # KS102

        self._update = jax.jit(update)

    def step(self, batch):
        self._state = self._update(self._state, batch)

    def restore(self, state):
        self._state = state


@dataclasses.dataclass(frozen=True)
class Values:
    q: jax.Array
    seed: int


class Bandit:
    def __init__(self, arms, seed):
        self.values = Values(jnp.zeros(arms), seed)

    def learn(self, arm, reward):
        noise = jax.random.normal(jax.random.key(self.values.seed))  # KS201
        q = self.values.q.at[arm].add(0.1 * (reward + noise - self.values.q[arm]))
        self.values = dataclasses.replace(self.values, q=q)


# The step changes the key, or what is folded into it; or another method does.


class Advances:
    def __init__(self, n, key):
        self.state = Particles(jnp.zeros((n, 2)), jnp.ones(n) / n, key)

    def step(self):
        own, sub = jax.random.split(self.state.key)
        noise = jax.random.normal(sub, self.state.positions.shape)
        self.state = Particles(self.state.positions + noise, self.state.weights, own)


class Counts:
    def __init__(self, root):
        self.root, self.position, self.count = root, jnp.zeros(3), 0

    def step(self):
        noise = jax.random.normal(jax.random.fold_in(self.root, self.count), (3,))
        self.position = jnp.tanh(self.position + noise)
        self.count += 1


class IsCounted:
    def __init__(self, root):
        self.root, self.position, self.turns = root, jnp.zeros(3), 0

    def step(self):
        noise = jax.random.normal(jax.random.fold_in(self.root, self.turns), (3,))
        self.position = jnp.tanh(self.position + noise)

    def next_turn(self):
        self.turns += 1


class IsTold:
    def __init__(self, root):
        self.root, self.position = root, jnp.zeros(3)

    def step(self, number):
        noise = jax.random.normal(jax.random.fold_in(self.root, number), (3,))
        self.position = jnp.tanh(self.position + noise)


class IsGiven:
    def __init__(self, key):
        self.given, self.position = key, jnp.zeros(3)

    def step(self):
        self.position = jnp.tanh(self.position + jax.random.normal(self.given, (3,)))


def run(walker, keys):
    for walker.given in keys:
        walker.step()


# What runs once: the whole of a run, a part of what makes the object. And what no state is made of.


class Runs:
    def __init__(self, key):
        self.master, self.w = key, jnp.zeros(3)
        self._warm()

    def _warm(self):
        self.w = jnp.tanh(self.w + jax.random.normal(self.master, (3,)))

    def fit(self, data):
        order = jax.random.permutation(self.master, len(data))
        for x in data[order]:
            self.w = self.w - 0.1 * (self.w - x)

    def chain(self, n):
        def body(w, key):
            return w + jax.random.normal(key, w.shape), w

        self.w, path = jax.lax.scan(body, self.w, jax.random.split(self.master, n))
        return path


class Watches:
    def __init__(self, key):
        self.eval_key, self.w = key, jnp.zeros(3)

    def step(self, x):
        self.w = self.w - 0.1 * (self.w - x)
        held_out = jax.random.normal(self.eval_key, (3,))
        return jnp.mean((self.w - held_out) ** 2)


class Case:
    def setup_class(self):
        self.true = jnp.ones(3)
        self.true = self.to_tree(self.true)
        x = jax.random.normal(jax.random.key(0), (3,))
        self.data = x, x @ self.true["w"]

    @staticmethod
    def to_tree(w):
        return {"w": w}


class Begins:
    def __init__(self, dim):
        self.w = jax.random.normal(jax.random.key(0), (dim,))

    def reset(self):
        self.w = jax.random.normal(jax.random.key(0), self.w.shape)


# A step that the file calls is told by the loop around its call, or runs once.


class Once:
    def __init__(self, key):
        self.only, self.w = key, jnp.zeros(3)

    def shake(self):
        self.w = jnp.tanh(self.w + jax.random.normal(self.only, (3,)))


def shaken(key):
    once = Once(key)
    once.shake()
    return once.w
