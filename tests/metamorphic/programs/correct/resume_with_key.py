# about: the key is saved with the weights, so a restart goes on
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np


@jax.jit
def update(w, key):
    return 0.9 * w + 0.1 * jax.random.normal(key, w.shape)


def train(path, until):
    if path.exists():
        saved = np.load(path)
        w, start = jnp.asarray(saved["w"]), int(saved["step"])
        key = jax.random.wrap_key_data(jnp.asarray(saved["key"]))
    else:
        w, start, key = jnp.ones(4), 0, jax.random.key(88)
    for _ in range(start, until):
        key, step_key = jax.random.split(key)
        w = update(w, step_key)
    np.savez(path, w=np.asarray(w), step=until, key=np.asarray(jax.random.key_data(key)))
    return w


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "state.npz"
    train(path, 3)
    print(train(path, 6))
