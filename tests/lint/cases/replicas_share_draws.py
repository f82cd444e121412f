"""Devices that draw from one replicated key."""

from functools import partial

import jax
import jax.numpy as jnp
from flax import jax_utils
from jax.sharding import PartitionSpec as P


@partial(jax.pmap, axis_name="batch")
def step(x, key):
    return x + jax.random.normal(key, x.shape)  # KS301


def replicated(x):
    return step(x, jax_utils.replicate(jax.random.key(0)))


@partial(jax.pmap, axis_name="batch", in_axes=(0, None))
def broadcast_step(x, key):
    return x + jax.random.normal(key, x.shape)  # KS301


def broadcast(x, key):
    return broadcast_step(x, key)


def sharded(mesh, x, key):
    def body(key, x):
        return x + jax.random.normal(key, x.shape)  # KS301

    return jax.shard_map(body, mesh=mesh, in_specs=(P(), P("data")), out_specs=P("data"))(key, x)


# Near misses.


@partial(jax.pmap, axis_name="batch")
def split_step(x, key):
    return x + jax.random.normal(key, x.shape)


def split_over_devices(x, key):
    return split_step(x, jax.random.split(key, 8))


@partial(jax.pmap, axis_name="batch", in_axes=(0, None))
def folded_step(x, key):
    key = jax.random.fold_in(key, jax.lax.axis_index("batch"))
    return x + jax.random.normal(key, x.shape)


def folded(x, key):
    return folded_step(x, key)


def sharded_and_folded(mesh, x, key):
    def body(key, x):
        key = jax.random.fold_in(key, jax.lax.axis_index("data"))
        return x + jax.random.normal(key, x.shape)

    return jax.shard_map(body, mesh=mesh, in_specs=(P(), P("data")), out_specs=P("data"))(key, x)


def same_everywhere(mesh, x, key):
    def body(key, x):
        return jnp.mean(x) + jax.random.normal(key)

    return jax.shard_map(body, mesh=mesh, in_specs=(P(), P("data")), out_specs=P())(key, x)


# A mapping that is written where the function is defined, and what a shard_map gathers.


def make_step():
    @partial(jax.pmap, axis_name="device", in_axes=(0, None))
    def step(x, key):
        noise_key, _ = jax.random.split(key)
        return x + jax.random.normal(noise_key, x.shape)  # KS301

    return step


def gathered(params, clean, key):
    noise = jax.random.normal(key, clean.shape)  # KS301
    return jax.lax.pmean((params * (clean + noise)).mean(), "data")


loss_of_shards = jax.shard_map(
    gathered,
    mesh=None,
    in_specs=(P(), P("data"), P()),
    out_specs=P(),
)


def use_gathered(params, clean, key):
    return loss_of_shards(params, clean, key)


def begin_alike(model, x):
    init = jax.pmap(lambda key, x: model.init(key, x), in_axes=(None, 0))
    return init(jax.random.key(0), x)


def one_scale_for_all():
    @partial(jax.pmap, axis_name="device", in_axes=(0, None))
    def step(x, key):
        shared, private = jax.random.split(key)
        own = jax.random.fold_in(private, jax.lax.axis_index("device"))
        scale = jax.random.uniform(shared)  # note: KS301
        return scale * x + jax.random.normal(own, x.shape)

    return step


def a_sibling_folded_with_a_constant():
    @partial(jax.pmap, axis_name="device", in_axes=(0, None))
    def step(x, key):
        shared, private = jax.random.split(key)
        own = jax.random.fold_in(private, 3)
        scale = jax.random.uniform(shared)  # KS301
        return scale * x + own

    return step


def folded_with_the_size_of_the_axis():
    @partial(jax.pmap, axis_name="device", in_axes=(0, None))
    def step(x, key):
        own = jax.random.fold_in(key, jax.lax.axis_size("device"))
        return x + jax.random.normal(own, x.shape)  # KS301

    return step


def folded_with_the_length_of_a_shard():
    @partial(jax.pmap, axis_name="device", in_axes=(0, None))
    def step(x, key):
        own = jax.random.fold_in(key, x.shape[0])
        return x + jax.random.normal(own, x.shape)  # KS301

    return step


def folded_with_what_is_in_a_shard():
    @partial(jax.pmap, axis_name="device", in_axes=(0, None))
    def step(x, key):
        own = jax.random.fold_in(key, x[0].astype(int))
        return x + jax.random.normal(own, x.shape)

    return step


# Nothing is given but the key, and what the shards give is laid side by side.


def paths_of_all_shards(mesh, key):
    @partial(jax.shard_map, mesh=mesh, in_specs=(P(),), out_specs=P("paths"))
    def simulate(key):
        return jax.random.normal(key, (10,))  # KS301

    return simulate(key).mean()


def paths_of_each_shard(mesh, key):
    @partial(jax.shard_map, mesh=mesh, in_specs=(P(),), out_specs=P("paths"))
    def simulate(key):
        return jax.random.normal(jax.random.fold_in(key, jax.lax.axis_index("paths")), (10,))

    return simulate(key).mean()


def one_path_everywhere(mesh, key):
    @partial(jax.shard_map, mesh=mesh, in_specs=(P(),), out_specs=P())
    def simulate(key):
        return jax.random.normal(key, (10,))

    return simulate(key).mean()
