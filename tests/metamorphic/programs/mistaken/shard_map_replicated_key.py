# about: shard_map hands one key to all shards
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P

jax.config.update("jax_num_cpu_devices", 4)


def augment(key, x):
    return x + 0.1 * jax.random.normal(key, x.shape)  # or: KS301


def main():
    mesh = Mesh(np.array(jax.devices()[:4]), ("data",))
    sharded = jax.jit(
        jax.shard_map(
            augment, mesh=mesh, in_specs=(P(), P("data")), out_specs=P("data")
        )  # or: KS301
    )
    key = jax.random.key(2)
    x = jnp.zeros((8, 3))
    for step in range(2):
        x = sharded(jax.random.fold_in(key, step), x)  # expect: KS301
    print(x)


if __name__ == "__main__":
    main()
