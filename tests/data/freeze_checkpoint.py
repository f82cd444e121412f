"""Write checkpoint.v1: a checkpoint of an old JAX, to be restored with every later one.

Run once with JAX 0.9.0: ``python tests/data/freeze_checkpoint.py``. It is never written again.
"""

import shutil
from pathlib import Path

import jax
import jax.numpy as jnp

import keystream as ks

DIRECTORY = Path(__file__).parent / "checkpoint.v1"

if __name__ == "__main__":
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    streams = ks.Streams(7, "params", "dropout", coordinates={"microbatch": 4})
    ks.checkpoint.save(
        DIRECTORY,
        120,
        {
            "w": jnp.arange(6, dtype=jnp.float32).reshape(2, 3),
            "key": jax.random.key(5),
            "half": jnp.arange(3, dtype=jnp.bfloat16),
        },
        streams,
    )
    for marker in DIRECTORY.rglob("commit_success.txt"):
        marker.write_text("")  # it names the directory that it was written in, and is not read
