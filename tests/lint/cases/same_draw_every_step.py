"""Steps of a loop that are given one key."""

import flax.linen as nn
import haiku as hk
import jax
import jax.numpy as jnp
import keras


def loss(w, x, key):
    keep = jax.random.bernoulli(key, 0.5, x.shape)
    return jnp.mean((jnp.where(keep, x, 0) @ w) ** 2)


@jax.jit
def step(w, x, key):
    return w - 0.1 * jax.grad(loss)(w, x, key)


def train(w, batches, key):
    for x in batches:
        w = step(w, x, key)  # KS201
    return w


def train_with_a_stale_split(w, batches, key):
    _, sub = jax.random.split(key)
    for x in batches:
        w = step(w, x, sub)  # KS201
    return w


def train_while(w, x, key):
    done = 0
    while done < 10:
        w = step(w, x, key)  # KS201
        done += 1
    return w


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train: bool):
        return nn.Dropout(0.5, deterministic=not train)(nn.Dense(3)(x))


def train_linen(variables, batches, key):
    model = Net()
    total = 0.0
    for x in batches:
        total += model.apply(variables, x, train=True, rngs={"dropout": key}).sum()  # KS201
    return total


def forward(x):
    return hk.dropout(hk.next_rng_key(), 0.5, hk.Linear(3)(x))


def train_haiku(params, batches, key):
    net = hk.transform(forward)
    total = 0.0
    for x in batches:
        total += net.apply(params, key, x).sum()  # KS201
    return total


# Near misses.


def train_split(w, batches, key):
    for x in batches:
        key, sub = jax.random.split(key)
        w = step(w, x, sub)
    return w


def train_folded(w, batches, key):
    for i, x in enumerate(batches):
        w = step(w, x, jax.random.fold_in(key, i))
    return w


def train_indexed(w, batches, key):
    keys = jax.random.split(key, len(batches))
    for i in range(len(batches)):
        w = step(w, batches[i], keys[i])
    return w


def train_zipped(w, batches, key):
    for x, k in zip(batches, jax.random.split(key, len(batches)), strict=True):
        w = step(w, x, k)
    return w


def evaluated_with_one_mask(w, batches, eval_key):
    return [loss(w, x, eval_key) for x in batches]  # KS201


def linen_without_dropout(variables, batches, key):
    model = Net()
    return [model.apply(variables, x, train=False, rngs={"dropout": key}) for x in batches]


def once(w, x, key):
    for _ in range(10):
        w = step(w, x, key)
        break
    return w


def train_unknown(step, w, batches, key):
    for x in batches:
        w = step(w, x, key)  # KS201
    return w


class Loader:
    def __init__(self, x, key):
        self.x, self.key = x, key

    def __iter__(self):
        order_key, noise_key = jax.random.split(self.key)
        order = jax.random.permutation(order_key, len(self.x))
        for i in order:
            noise_key, sub = jax.random.split(noise_key)
            yield self.x[i] + jax.random.normal(sub)


class AdvancingLoader(Loader):
    def __iter__(self):
        self.key, order_key = jax.random.split(self.key)
        for i in jax.random.permutation(order_key, len(self.x)):
            yield self.x[i]


def one_order(x, key, epochs):
    loader = Loader(x, key)
    for _ in range(epochs):
        for batch in loader:  # KS201
            print(batch)


def another_order_each_epoch(x, key, epochs):
    loader = AdvancingLoader(x, key)
    for _ in range(epochs):
        for batch in loader:
            print(batch)


class FrozenNoise(keras.layers.Layer):
    def __init__(self, seed=1337):
        super().__init__()
        self.seed = seed
        self.seeds = keras.random.SeedGenerator(seed)

    def build(self, shape):
        self.start = keras.random.normal(shape, seed=self.seed)

    def call(self, x):
        return x + keras.random.normal(x.shape, seed=self.seed)  # KS201


class Noise(FrozenNoise):
    def call(self, x):
        return x + keras.random.normal(x.shape, seed=self.seeds)


def sampled(x, seed):
    if isinstance(seed, int):
        seed = jax.random.key(seed)
    return x + jax.random.normal(seed, x.shape)


def a_key_is_folded_for_each_turn_and_not_given(xs):
    key = jax.random.key(0)
    for i, x in enumerate(xs):
        subkey = jax.random.fold_in(key, i)
        x.append(sampled(x, key))  # KS102
        x.sort(key=subkey)


def two_candidates_are_printed_beside_each_other(start, tuned, key):
    for name, candidate in (("start", start), ("tuned", tuned)):
        print(name, sampled(candidate, key))
