"""Counters that begin again."""

import equinox as eqx
import jax
import optax


def epochs(key, n):
    total = 0.0
    for _ in range(n):
        for step in range(100):
            total += jax.random.normal(jax.random.fold_in(key, step))  # KS204
    return total


def loader(key, batches, n):
    total = 0.0
    for _ in range(n):
        for i, x in enumerate(batches):
            total += x * jax.random.normal(jax.random.fold_in(key, i))  # KS204
    return total


def few_turns(key, n):
    total = 0.0
    for _ in range(n):
        for step in range(3):
            total += jax.random.normal(jax.random.fold_in(key, step))  # KS204
    return total


def optimiser(params, epochs, seed):
    tx = optax.chain(optax.add_noise(0.01, 0.55, seed), optax.sgd(0.1))
    for _ in range(epochs):
        state = tx.init(params)  # KS204
        params, state = tx.update(params, state)
    return params


class Noise(eqx.Module):
    count: eqx.nn.StateIndex

    def __init__(self):
        self.count = eqx.nn.StateIndex(0)

    def __call__(self, x, state):
        n = state.get(self.count)
        key = jax.random.fold_in(jax.random.key(1), n)
        return x + jax.random.normal(key, x.shape), state.set(self.count, n + 1)


def state_thrown_away(xs):
    noise, state = eqx.nn.make_with_state(Noise)()
    for x in xs:
        y, _ = noise(x, state)  # KS204
    return y


# Near misses.


def both_folded(key, n):
    total = 0.0
    for epoch in range(n):
        epoch_key = jax.random.fold_in(key, epoch)
        for step in range(100):
            total += jax.random.normal(jax.random.fold_in(epoch_key, step))
    return total


def counted_through(key, n):
    total, count = 0.0, 0
    for _ in range(n):
        for _ in range(100):
            total += jax.random.normal(jax.random.fold_in(key, count))
            count += 1
    return total


def state_kept(params, epochs, seed):
    tx = optax.chain(optax.add_noise(0.01, 0.55, seed), optax.sgd(0.1))
    state = tx.init(params)
    for _ in range(epochs):
        params, state = tx.update(params, state)
    return params


def sweep_of_optimisers(params, seed):
    tx = optax.noisy_sgd(0.1, seed=seed)
    return [tx.init(params) for _config in range(3)]


def state_handed_on(xs):
    noise, state = eqx.nn.make_with_state(Noise)()
    for x in xs:
        y, state = noise(x, state)
    return y


def the_private_optimiser_where_optax_keeps_it_now(params, seed):
    tx = optax.contrib.dpsgd(0.1, 1.0, 1.0, seed)
    for _ in range(10):
        state = tx.init(params)  # KS204
        updates, state = tx.update(params, state)
        params = optax.apply_updates(params, updates)
    return params
