"""Every shard draws from the replicated key."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P

mesh = Mesh(np.array(jax.devices()), ("d",))


def noisy(key, x):
    return x + jax.random.normal(key, x.shape)  # -> KS301


f = jax.jit(jax.shard_map(noisy, mesh=mesh, in_specs=(P(), P("d")), out_specs=P("d")))
print(f(jax.random.key(0), jnp.zeros(16)).shape)
