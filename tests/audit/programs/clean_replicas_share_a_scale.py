"""Replicas share one scale, drawn from one of two children; with the other they draw apart."""

from functools import partial

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec as P

mesh = jax.make_mesh((2,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))


@jax.jit
@partial(jax.shard_map, mesh=mesh, in_specs=(P("data"), P()), out_specs=P("data"))
def augment(x, key):
    shared, private = jax.random.split(key)
    own = jax.random.fold_in(private, jax.lax.axis_index("data"))
    return jax.random.uniform(shared) * x + jax.random.normal(own, x.shape)


print(augment(jnp.ones((4, 3)), jax.random.key(0)))
