"""One process of a run over loopback: worker.py ADDRESS COUNT PROCESS MODE; prints JSON lines."""

import json
import os
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

import keystream as ks

ADDRESS, COUNT, PROCESS, MODE = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]


def say(name, value):
    print("SAID " + json.dumps([name, value]), flush=True)


def words(key):
    return jax.random.key_data(key).tolist()


def refusal(streams, timeout):
    begun = time.monotonic()
    try:
        ks.distributed.check(streams, timeout=timeout)
    except ks.errors.ReplicasDisagreeError as error:
        assert time.monotonic() - begun < timeout + 20
        return str(error)
    return "none"


def draws(streams):
    say("keys", [words(streams.key("dropout", step)) for step in range(3)])
    say("own keys", [words(streams.key("noise", step, process=PROCESS)) for step in range(3)])
    say("host", streams.numpy("noise", 3, process=PROCESS).bit_generator.random_raw())

    mesh = Mesh(np.array(jax.devices()), ("data",))
    x = jax.make_array_from_callback(
        (16, 8), NamedSharding(mesh, P("data")), lambda index: np.ones((16, 8), np.float32)[index]
    )
    whole = np.asarray(ks.dropout(streams.key("dropout", 3), jnp.ones((16, 8)), 0.5))
    jitted = jax.jit(lambda streams, x: ks.dropout(streams.key("dropout", 3), x, 0.5))

    def body(streams, x):
        window = ks.distributed.shard_window(x, "data")
        return ks.dropout(streams.key("dropout", 3), x, 0.5, **window)

    mapped = jax.jit(jax.shard_map(body, mesh=mesh, in_specs=(P(), P("data")), out_specs=P("data")))
    for name, function in (("jit", jitted), ("shard_map", mapped)):
        shards = function(streams, x).addressable_shards
        equal = all(np.array_equal(shard.data, whole[shard.index]) for shard in shards)
        say(name, [equal, sum(shard.data.shape[0] for shard in shards)])


def main():
    jax.distributed.initialize(
        ADDRESS, COUNT, PROCESS, heartbeat_timeout_seconds=10, shutdown_timeout_seconds=5
    )
    streams = ks.Streams(0, "params", "dropout", "noise", coordinates={"process": COUNT})
    say("start", refusal(streams, 60))
    if MODE == "draws":
        draws(streams)
        other = ks.Streams(int(PROCESS >= COUNT // 2), "params", "dropout", "noise")
        say("seeds", refusal(other, 60))
        named = ("params", "droput") if PROCESS == 1 else ("params", "dropout")
        say("names", refusal(ks.Streams(0, *named), 60))
    elif PROCESS == COUNT - 1:
        os._exit(0)  # dies without a word
    else:
        say("silent", refusal(streams, 2))
    say("end", PROCESS)


if __name__ == "__main__":
    main()
