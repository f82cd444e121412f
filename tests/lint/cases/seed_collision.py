"""Seeds that differ in the program and are equal to JAX."""

import argparse

import jax
import jax.numpy as jnp
import keras


def floats(key):
    return [jax.random.normal(jax.random.fold_in(key, sigma)) for sigma in (0.1, 0.5)]  # KS109


def quotient(key, i):
    return jax.random.normal(jax.random.fold_in(key, i / 2))  # KS109


def sums(epochs, steps):
    total = 0.0
    for epoch in range(epochs):
        for step in range(steps):
            total += jax.random.normal(jax.random.key(epoch + step))  # KS109
    return total


def layers():
    return [keras.layers.Dropout(0.5, seed=1), keras.layers.Dropout(0.5, seed=1)]  # KS109


def cut():
    return jax.random.normal(jax.random.key(7 + 2**32))  # KS109


def masked(key):
    total = 0.0
    for step in range(1000):
        total += jax.random.normal(jax.random.fold_in(key, step % 100))  # KS109
    return total


def upper_bits(actor, episode):
    return jax.random.normal(jax.random.key((actor << 32) | episode))  # KS109


parser = argparse.ArgumentParser()
parser.add_argument("--population", type=int, default=32)
args = parser.parse_args()


def member_seed(base, generation, member):
    return base + 16 * generation + member


def overlapping(base):
    total = 0.0
    for generation in range(12):
        seeds = [member_seed(base, generation, member) for member in range(args.population)]
        total += sum(jax.random.normal(jax.random.key(seed)) for seed in seeds)  # KS109
    return total


def few_members():
    total = 0.0
    for generation in range(12):
        for member in range(4):
            total += jax.random.normal(jax.random.key(2 * generation + member))  # KS109
    return total


# Near misses.


def integers(key):
    return [jax.random.normal(jax.random.fold_in(key, i)) for i in (1, 2)]


def strided(epochs, steps):
    total = 0.0
    for epoch in range(epochs):
        for step in range(steps):
            total += jax.random.normal(jax.random.key(epoch * steps + step))
    return total


def offset(seed, n):
    return [jax.random.normal(jax.random.key(seed + i)) for i in range(n)]


def lower_bits(actor, episode):
    return jax.random.normal(jax.random.key((actor << 16) | episode))


def wide_enough(base):
    total = 0.0
    for generation in range(12):
        for member in range(args.population):
            total += jax.random.normal(jax.random.key(base + 32 * generation + member))
    return total


def inner_loop_longer_than_the_stride(root):
    for epoch in range(3):
        for step in range(12):
            print(jax.random.normal(jax.random.fold_in(root, 10 * epoch + step)))  # KS109


def inner_loop_as_long_as_the_stride(root):
    for epoch in range(3):
        for step in range(10):
            print(jax.random.normal(jax.random.fold_in(root, 10 * epoch + step)))


def each_seed_its_own_root():
    for seed in (0, 1):
        root = jax.random.key(seed)
        for step in range(5):
            print(jax.random.normal(jax.random.fold_in(root, step + seed)))


# The lengths of names.

RATES = {"north": 0.8, "east": 1.0, "south": 1.4}
APART = {"north": 0.8, "east": 1.0, "southern": 1.4}


def key_of(key, name):
    return jax.random.fold_in(key, len(name))


def by_length(key, x):
    found = {}
    for name, rate in RATES.items():
        found[name] = rate * jax.random.normal(key_of(key, name), x.shape)  # KS203
    return found


def listed_by_length(key, x):
    return [jax.random.normal(key_of(key, name), x.shape) for name in ("left", "west")]  # KS101


def by_length_apart(key, x):
    found = {}
    for name, rate in APART.items():
        found[name] = rate * jax.random.normal(key_of(key, name), x.shape)
    return found


# Numbers added to the words of a key.


def two_of(base, step):
    offset = jnp.uint32(2 * step)
    return base + offset, base + offset + jnp.uint32(2)  # KS101


def meeting_in_the_next_step(count, update, state):
    base = jax.random.PRNGKey(0)
    for step in range(count):
        first, second = two_of(base, step)
        state = update(state, jax.random.normal(first), jax.random.normal(second))
    return state


def the_same_sum(count, update, state):
    base = jax.random.PRNGKey(0)
    for _ in range(count):
        state = update(state, jax.random.normal(base + 1))  # KS203
    return state


def sums_apart(count, update, state):
    base = jax.random.PRNGKey(0)
    for step in range(count):
        one, other = base + 2 * step, base + (2 * step + 1)
        state = update(state, jax.random.normal(one), jax.random.normal(other))
    return state


def split_in_the_next_step(key, count, update, state):
    for step in range(count):
        parts = jax.random.split(jax.random.fold_in(key, 2 * step + 2))  # KS101
        other = jax.random.fold_in(key, 2 * step)
        state = update(state, jax.random.normal(parts[0]), jax.random.normal(other))
    return state


def members_that_meet(key, xs):
    def member(i, x):
        def turn(x, t):
            turn_key = jax.random.fold_in(key, i + t)  # KS109
            return x + jax.random.normal(turn_key), None

        return jax.lax.scan(turn, x, jnp.arange(1, 10))[0]

    return jax.vmap(member)(jnp.arange(4), xs)


def members_that_lie_apart(key, xs):
    def member(i, x):
        def turn(x, t):
            turn_key = jax.random.fold_in(key, 10 * i + t)
            return x + jax.random.normal(turn_key), None

        return jax.lax.scan(turn, x, jnp.arange(1, 10))[0]

    return jax.vmap(member)(jnp.arange(4), xs)


def members_that_are_moved(key):
    return jax.vmap(lambda i: jax.random.normal(jax.random.fold_in(key, i + 100)))(jnp.arange(4))


# The sum is made in a function, or a method, that is read by itself first.


def local_update(seed, turn, client, w):
    key = jax.random.key(seed + turn + client)  # KS109
    return w + jax.random.normal(key, w.shape)


def federated(seed, turns, clients, w):
    for turn in range(turns):
        w = sum(local_update(seed, turn, client, w) for client in range(clients))
    return w


def local_update_apart(seed, number, w):
    return w + jax.random.normal(jax.random.key(seed + number), w.shape)


def federated_apart(seed, turns, clients, w):
    for turn in range(turns):
        w = sum(local_update_apart(seed, turn * clients + i, w) for i in range(clients))
    return w


class Trainer:
    def __init__(self, root, epochs):
        self.root, self.epochs = root, epochs

    def step_key(self, epoch, step):
        return jax.random.fold_in(self.root, epoch + step)  # KS109

    def chunk_key(self, start, i):
        return jax.random.fold_in(self.root, start + i)

    def fit(self, w, loader):
        for epoch in range(self.epochs):
            for step, x in enumerate(loader):
                w = w + jax.random.normal(self.step_key(epoch, step), x.shape)
        return w

    def fit_in_chunks(self, w, n, size):
        for start in range(0, n, size):
            for i in range(size):
                w = w + jax.random.normal(self.chunk_key(start, i), w.shape)
        return w


# A loop whose turns are known around one whose turns are not, and which has more than one.


def known_around_unknown(key, w, loader):
    for epoch in range(3):
        for step, x in enumerate(loader):
            w = w + jax.random.normal(jax.random.fold_in(key, epoch + step), x.shape)  # KS204
    return w


def far_apart(key, w, loader):
    for epoch in range(3):
        for step, x in enumerate(loader):
            step_key = jax.random.fold_in(key, 10_000 * epoch + step)
            w = w + jax.random.normal(step_key, x.shape)
    return w
