# about: after a restore the seed makes the chain of keys again
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np


def save(path, w, step):
    np.savez(path, w=np.asarray(w), step=step)


def restore(path):
    saved = np.load(path)
    return jnp.asarray(saved["w"]), int(saved["step"])


@jax.jit
def update(w, key):
    return w - 0.1 * w + 0.01 * jax.random.normal(key, w.shape)  # or: KS202|KS106|KS201


def train(path, until):
    key = jax.random.key(99)  # or: KS202|KS106|KS201
    w, start = restore(path) if path.exists() else (jnp.ones(4), 0)
    for step in range(start, until):  # or: KS202|KS106|KS201
        key, step_key = jax.random.split(key)  # or: KS202|KS106|KS201
        w = update(w, step_key)  # expect: KS202|KS106|KS201
    save(path, w, until)
    return w


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.npz"
        train(path, 4)
        print(train(path, 8))


if __name__ == "__main__":
    main()
