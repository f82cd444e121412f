"""Keys that a compiled function closes over."""

from functools import partial

import jax


def rebound(x, n):
    key = jax.random.key(7)

    @jax.jit
    def step(x):
        return x + jax.random.normal(key, x.shape)  # KS503

    for _ in range(n):
        key, _ = jax.random.split(key)
        x = step(x)
    return x


def given_from_outside(x, key):
    @jax.jit
    def step(x):
        return x + jax.random.normal(key, x.shape)  # KS503

    return step(x) + step(2 * x)


class Agent:
    def __init__(self, seed):
        self.key = jax.random.key(seed)
        self.compiled = jax.jit(self.sample)

    def sample(self, logits):
        return jax.random.categorical(self.key, logits)  # KS503

    def act(self, logits):
        self.key, _ = jax.random.split(self.key)
        return self.compiled(logits)


class Static:
    def __init__(self, seed):
        self.key = jax.random.key(seed)

    @partial(jax.jit, static_argnums=0)
    def act(self, logits):
        return jax.random.categorical(self.key, logits)  # KS503


def play(logits):
    agent, static = Agent(0), Static(1)
    return [agent.act(logits) + static.act(logits) for _ in range(100)]


# Near misses.


def called_once(x, key):
    @jax.jit
    def step(x):
        return x + jax.random.normal(key, x.shape)

    return step(x)


def compiled_in_each_turn(x, key, n):
    for _ in range(n):
        key, sub = jax.random.split(key)

        @jax.jit
        def step(x, sub=sub):
            return x + jax.random.normal(sub, x.shape)

        x = step(x, sub)
    return x


def folded(x, key, n):
    @jax.jit
    def step(x, i):
        return x + jax.random.normal(jax.random.fold_in(key, i), x.shape)

    for i in range(n):
        x = step(x, i)
    return x
