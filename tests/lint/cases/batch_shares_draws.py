"""Batches whose elements draw from one key."""

import equinox as eqx
import jax
import jax.numpy as jnp
from flax import nnx


def noisy(x, key):
    return x + jax.random.normal(key, x.shape)


def broadcast(xs, key):
    return jax.vmap(noisy, in_axes=(0, None))(xs, key)  # KS303


def closed_over(xs, key):
    return jax.vmap(lambda x: noisy(x, key))(xs)  # KS303


def filtered(xs, key):
    return eqx.filter_vmap(noisy, in_axes=(0, None))(xs, key)  # KS303


class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.drop = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.drop(x)


def broadcast_model(xs):
    model = Net(nnx.Rngs(0))
    return nnx.vmap(lambda m, x: m(x), in_axes=(None, 0))(model, xs)  # KS303


class Head(nnx.Module):
    def __init__(self, rngs):
        self.inner = nnx.Linear(3, 4, rngs=rngs)


def members_of_one_rngs():
    @nnx.vmap(in_axes=None, out_axes=0, axis_size=4)
    def create(rngs):
        return Head(rngs)

    return create(nnx.Rngs(0))  # KS303


# Near misses.


def members_of_split_rngs():
    @nnx.split_rngs(splits=4)
    @nnx.vmap(in_axes=0, out_axes=0)
    def create(rngs):
        return Head(rngs)

    return create(nnx.Rngs(0))


def split_over_the_batch(xs, key):
    return jax.vmap(noisy)(xs, jax.random.split(key, len(xs)))


def folded_with_the_index(xs, key):
    def one(x, i):
        return noisy(x, jax.random.fold_in(key, i))

    return jax.vmap(one)(xs, jnp.arange(len(xs)))


def mask_made_outside(xs, key):
    mask = jax.random.bernoulli(key, 0.5, xs.shape[1:])
    return jax.vmap(lambda x: x * mask)(xs)


def keys_derived_in_a_batch(xs, key):
    keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, jnp.arange(len(xs)))
    return jax.vmap(noisy)(xs, keys)


def sweep(thetas, key):
    def run(theta, key):
        return theta * jax.random.normal(key)

    return jax.vmap(run, in_axes=(0, None))(thetas, key)  # note: KS303


def one_path_at_many_times(times, key):
    """A random function, which has one value at each time."""
    return jax.vmap(lambda t: t * jax.random.normal(key))(times)  # note: KS303


def written_out(key):
    rates = jnp.array([0.1, 0.5])
    return jax.vmap(lambda i: i * jax.random.normal(key))(rates)


def written_out_as_a_range(key):
    return jax.vmap(lambda i: i * jax.random.normal(key))(jnp.linspace(0.0, 1.0, 8))


def counted(key):
    return jax.vmap(lambda i: i * jax.random.normal(key))(jnp.arange(8))  # KS303


def ranked(key, members):
    score = jax.vmap(lambda w: (w * jax.random.normal(key, w.shape)).sum())(members)  # note: KS303
    return jnp.argsort(-score)


def not_ranked(key, members):
    score = jax.vmap(lambda w: (w * jax.random.normal(key, w.shape)).sum())(members)  # KS303
    return jnp.argsort(members), score


def one_key_in_all_rows(key, xs):
    return jax.vmap(noisy)(xs, jnp.tile(key, (len(xs), 1)))  # KS303


def keys_for_all_members(key, members):
    keys = jax.random.split(key, 1)  # of one trial: the members are compared on it
    return jax.vmap(noisy)(members, jnp.tile(keys, (len(members), 1)))


def each_key_for_some(key, xs):
    return jax.vmap(noisy)(xs, jnp.repeat(jax.random.split(key, 2), len(xs) // 2, axis=0))
