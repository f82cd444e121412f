"""A resumed training of NNX begins its keys anew; its optimizer updates the model in each step too."""

import pickle
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import optax
from flax import nnx


@nnx.jit
def step(model, optimizer, x, key):
    noisy = x + 0.1 * jax.random.normal(key, x.shape)

    def loss(model):
        return (model(noisy) ** 2).mean()

    optimizer.update(model, nnx.grad(loss)(model))


def run(path, total, seed=0):
    key = jax.random.key(seed)  # -> KS202
    model = nnx.Linear(3, 1, rngs=nnx.Rngs(seed + 10))
    optimizer = nnx.Optimizer(model, optax.sgd(0.1), wrt=nnx.Param)
    start = 0
    if path.exists():
        params, start = pickle.loads(path.read_bytes())
        nnx.update(model, params)
    for _ in range(start, total):
        key, step_key = jax.random.split(key)
        step(model, optimizer, jnp.ones((2, 3)), step_key)
    path.write_bytes(pickle.dumps((jax.device_get(nnx.state(model)), total)))


saved = Path(tempfile.mkdtemp()) / "state.pkl"
run(saved, 3)
run(saved, 6)
