"""Frozen key vectors, in this process and in fresh ones with the flags that change JAX's bits.

Run as a program, this file prints the vectors' keys as the library makes them.
"""

import json
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import keystream as ks

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "streams.v1.json").read_text())
FLAGS = [
    {"jax_enable_x64": True},
    {"jax_threefry_partitionable": False, "jax_default_prng_impl": "rbg"},
    {"jax_numpy_dtype_promotion": "strict", "jax_numpy_rank_promotion": "raise"},
    {"jax_disable_jit": True},
]


def derived(vector):
    """The key of a vector, by host integers, by traced ones, and in a batch of all streams."""
    *path, name = vector["name"].split("/")
    sizes = {f"c{place}": size for place, (_, size) in enumerate(vector["coordinates"])}
    values = {f"c{place}": value for place, (value, _) in enumerate(vector["coordinates"])}
    root = jax.random.wrap_key_data(np.array(vector["root"], np.uint32), impl="threefry2x32")
    streams = ks.Streams(root, name, coordinates=sizes, steps=vector["steps"])
    for namespace in path:
        streams = streams.child(namespace)
    if vector["step"] == vector["steps"] - 1:
        return [streams.init_rngs(**values)[name]] * 2
    step = np.uint32(vector["step"])
    traced = jax.jit(lambda streams, step, values: streams.key(name, step, **values))
    return [
        streams.key(name, vector["step"], **values),
        streams.key(name, step, **values),
        traced(streams, step, {n: np.uint32(v) for n, v in values.items()}),
        streams.rngs(vector["step"], **values)[name],
    ]


def all_words():
    return [
        [np.asarray(jax.random.key_data(key)).tolist() for key in derived(vector)]
        for vector in VECTORS["vectors"]
    ]


def test_keys_are_the_frozen_ones():
    for vector, keys in zip(VECTORS["vectors"], all_words(), strict=True):
        assert keys == [vector["key"]] * len(keys), vector


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_keys_are_the_frozen_ones_whatever_the_flags(flags):
    done = subprocess.run(
        [sys.executable, __file__, json.dumps(flags)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for vector, keys in zip(VECTORS["vectors"], json.loads(done.stdout), strict=True):
        assert keys == [vector["key"]] * len(keys), (flags, vector)


if __name__ == "__main__":
    for flag, setting in json.loads(sys.argv[1]).items():
        jax.config.update(flag, setting)
    print(json.dumps(all_words()))
