"""Every shard makes the same initial weights: nothing goes in or comes out in parts."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P

mesh = Mesh(np.array(jax.devices()), ("d",))


def init(key):
    one, other = jax.random.split(key)
    return {"a": jax.random.normal(one, (4, 4)), "b": jax.random.normal(other, (4,))}


f = jax.jit(jax.shard_map(init, mesh=mesh, in_specs=P(), out_specs=P(), check_vma=False))
print(jnp.asarray(f(jax.random.key(0))["a"]).shape)
