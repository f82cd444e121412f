# about: each shard folds its index in
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P

jax.config.update("jax_num_cpu_devices", 4)
mesh = Mesh(np.array(jax.devices()[:4]), ("data",))


def augment(key, x):
    key = jax.random.fold_in(key, jax.lax.axis_index("data"))
    return x + 0.1 * jax.random.normal(key, x.shape)


sharded = jax.jit(jax.shard_map(augment, mesh=mesh, in_specs=(P(), P("data")), out_specs=P("data")))
key = jax.random.key(2)
x = jnp.zeros((8, 3))
for step in range(2):
    x = sharded(jax.random.fold_in(key, step), x)
print(x)
