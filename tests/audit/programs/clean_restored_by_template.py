"""A restored state replaces a fresh one, which says only what was saved; the key was saved too."""

import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np


def start():
    w_key, key = jax.random.split(jax.random.key(17))
    return jax.random.normal(w_key, (3,)), key


def save(path, state):
    np.savez(path, w=np.asarray(state[0]), key=np.asarray(jax.random.key_data(state[1])))


def load(path, like):
    saved = np.load(path)
    assert saved["w"].shape == like[0].shape
    return jnp.asarray(saved["w"]), jax.random.wrap_key_data(jnp.asarray(saved["key"]))


def run(state, steps):
    w, key = state
    for _ in range(steps):
        key, noise_key = jax.random.split(key)
        w = w + jax.random.normal(noise_key, (3,))
    return w, key


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "state.npz"
    save(path, run(start(), 2))
    print(run(load(path, like=start()), 2)[0])
