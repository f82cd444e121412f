"""Train on four processes, go on with two, and show that nothing random depends on their number.

    python examples/distributed.py           # starts its processes itself
    python examples/distributed.py --audit   # with pyarrow too: audits each process, then all

Each process holds a part of every batch and draws its part of every mask, without communication: a draw
depends on the stream, the step, and an element's place in the global batch, not on where it lies. What
does depend on the number of devices is the order in which gradients are summed; it is shown apart.
"""

import hashlib
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

import keystream as ks

ROWS, BATCH = 512, 64
MODEL = nn.Sequential(
    [nn.Dense(64), nn.relu, ks.linen.Dropout(0.5, deterministic=False), nn.Dense(1)]
)


def declare() -> ks.Streams:
    """The streams, made where JAX knows of all processes: they are an array on its devices."""
    return ks.Streams(0, "params", "dropout", "shuffle")


def data() -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from; each process has them all on disk, and reads only its own."""
    x = np.linspace(-1, 1, ROWS * 8, dtype=np.float32).reshape(ROWS, 8)
    return x, np.sin(x.sum(axis=1, keepdims=True))


@jax.jit
def train_step(params: Any, streams: ks.Streams, batch: Any, step: Any) -> tuple[Any, jax.Array]:
    """One update, and the mask of its dropout. There is nothing in it about devices."""
    rngs = streams.rngs(step)

    def loss(params: Any) -> jax.Array:
        prediction: Any = MODEL.apply(params, batch[0], rngs=rngs)
        return ((prediction - batch[1]) ** 2).mean()

    gradients = jax.grad(loss)(params)
    kept = ks.dropout(rngs["dropout"], jnp.ones_like(batch[0]), 0.5) != 0
    return jax.tree.map(lambda p, g: p - 0.01 * g, params, gradients), kept


def batch_of(streams: ks.Streams, step: int, sharding: NamedSharding) -> Any:
    """This step's global batch, of which each process loads the rows that its devices hold."""
    epoch, place = divmod(step, ROWS // BATCH)
    order = streams.permutation("shuffle", epoch, ROWS)[place * BATCH : (place + 1) * BATCH]
    return tuple(
        jax.make_array_from_callback(
            (BATCH, part.shape[1]), sharding, lambda index, part=part: part[order][index]
        )
        for part in data()
    )


def train(directory: str, last: int) -> None:
    """Go on from the directory's checkpoint to the last step; print each step's masks as a digest."""
    streams = declare()
    ks.distributed.check(streams, timeout=60)  # error KS302 where a process declared other streams
    mesh = jax.sharding.Mesh(jax.devices(), ("data",))
    everywhere, by_rows = NamedSharding(mesh, P()), NamedSharding(mesh, P("data"))
    initial = jax.jit(
        lambda streams: MODEL.init(streams.init_rngs(), data()[0]), out_shardings=everywhere
    )
    start, params = 0, initial(streams)
    if Path(directory, "params").is_dir():
        start, params, _ = ks.checkpoint.restore(Path(directory, "params"), params, streams)
    for step in range(start, last):
        params, kept = train_step(params, streams, batch_of(streams, step, by_rows), step)
        whole = jax.jit(lambda x: x, out_shardings=everywhere)(kept)
        if jax.process_index() == 0:
            digest = hashlib.sha256(np.asarray(whole).tobytes()).hexdigest()
            print(f"mask of step {step}: {digest:.16}", flush=True)
    ks.checkpoint.save(Path(directory, "params"), last, params, streams)


def run(processes: int, directory: str, last: int, *, audited: bool = False) -> list[str]:
    """Start the processes over loopback, and return what the first one printed.

    An audited process runs as it would, and leaves a record with its number in the directory.
    """
    records = f"{directory}-{processes}-{{process}}.parquet"
    audit = ["-m", "keystream", "audit", "--record", records] if audited else []
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}
    started = [
        subprocess.Popen(
            [sys.executable, *audit, __file__, address, *words, directory, str(last)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for words in ([str(processes), str(process)] for process in range(processes))
    ]
    printed = [each.communicate()[0] for each in started]
    if any(each.returncode for each in started):
        raise SystemExit("a process failed; its error is above")
    return [line for line in printed[0].splitlines() if line.startswith("mask")]


def audit() -> int:
    """Four audited processes, and the report that their records give together."""
    with tempfile.TemporaryDirectory() as scratch:
        run(4, f"{scratch}/many", 4, audited=True)
        words = ["-m", "keystream", "report", f"{scratch}/many-4-*.parquet"]
        return subprocess.run([sys.executable, *words], check=False).returncode


def main() -> None:
    """One process from start to end; then four, and two that go on where those stopped."""
    with tempfile.TemporaryDirectory() as scratch:
        one, many = f"{scratch}/one", f"{scratch}/many"
        alone = run(1, one, 8)
        together = run(4, many, 4) + run(2, many, 8)
        ends = [
            ks.checkpoint.restore(f"{each}/params", template(), declare()).state
            for each in (one, many)
        ]
    print(*together, sep="\n")
    gap = max(jax.tree.leaves(jax.tree.map(lambda a, b: float(abs(a - b).max()), *ends)))
    print("masks of 4 and then 2 processes equal those of 1:", alone == together)
    print("largest difference of a parameter, from the order of sums:", f"{gap:.1e}")


def template() -> Any:
    """What a checkpoint's parameters look like."""
    return jax.eval_shape(lambda: MODEL.init(declare().init_rngs(), data()[0]))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "--audit":
        raise SystemExit(audit())
    else:
        jax.distributed.initialize(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
        train(sys.argv[4], int(sys.argv[5]))
