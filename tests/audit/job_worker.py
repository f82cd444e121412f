"""One process of a job: job_worker.py ADDRESS COUNT PROCESS MODE; each augments rows of its own."""

import os
import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

ADDRESS, COUNT, PROCESS, MODE = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
jax.distributed.initialize(ADDRESS, COUNT, PROCESS)
mesh = jax.make_mesh((jax.device_count(),), ("data",))
everywhere, by_rows = NamedSharding(mesh, P()), NamedSharding(mesh, P("data"))


@jax.jit
def augment(rows, key):
    return rows + jax.random.normal(key, rows.shape)


@jax.jit
def train_step(w, x, key):
    keep = jax.random.bernoulli(key, 0.5, x.shape)
    return w - 0.1 * jax.grad(lambda w: jnp.mean((jnp.where(keep, x, 0) @ w) ** 2))(w)


root = jax.random.key(PROCESS if MODE == "seeds" else 0)
start = np.asarray(jax.random.normal(jax.random.fold_in(root, 99), (4, 3)))
w = jax.make_array_from_callback((4, 3), everywhere, lambda index: start[index])
rows = np.random.default_rng(PROCESS).normal(size=(8, 4)).astype(np.float32)
for step in range(5):
    key = jax.random.fold_in(root, step)
    own = jax.random.fold_in(key, 1 if MODE == "shared" else 10 + PROCESS)
    x = np.asarray(augment(jnp.asarray(rows), own))
    w = train_step(
        w, jax.make_array_from_process_local_data(by_rows, x), jax.random.fold_in(key, 7)
    )
    if MODE == "dies" and PROCESS == COUNT - 1 and step == 2:
        os._exit(9)
print("end", flush=True)
