"""A run that moves from 4 devices to 2, to 1 and to 8 while it trains: masks, then parameters."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P
from meshes import mesh_of

import keystream as ks

STREAMS = ks.Streams(0, "params", "dropout", "shuffle")
ROWS, BATCH, EACH = 256, 32, 3
X = np.sin(np.arange(ROWS * 16, dtype=np.float32)).reshape(ROWS, 16)
Y = X.sum(axis=1, keepdims=True)


def initial():
    keys = jax.random.split(STREAMS.init_rngs()["params"])
    return {
        "a": jax.random.normal(keys[0], (16, 64)) / 4,
        "b": jax.random.normal(keys[1], (64, 1)) / 8,
    }


@jax.jit
def train_step(params, streams, x, y, step):
    """One update; with it the mask that it drew, read off the dropped activations."""

    def loss(params):
        dropped = ks.dropout(streams.key("dropout", step), jnp.ones((BATCH, 64)), 0.5)
        hidden = ks.dropout(streams.key("dropout", step), jnp.tanh(x @ params["a"]), 0.5)
        return ((hidden @ params["b"] - y) ** 2).mean(), (hidden != 0, dropped != 0)

    gradients, masks = jax.grad(loss, has_aux=True)(params)
    return jax.tree.map(lambda p, g: p - 0.05 * g, params, gradients), masks


def leg(devices, directory, last):
    """Go on from the newest checkpoint on so many devices, and save; the masks of each step."""
    mesh = mesh_of(data=devices)
    everywhere, by_rows = NamedSharding(mesh, P()), NamedSharding(mesh, P("data"))
    params = jax.device_put(initial(), everywhere)
    start = 0
    if directory.exists():
        start, params, _ = ks.checkpoint.restore(directory, params, STREAMS)
        assert params["a"].sharding == everywhere
    masks = []
    for step in range(start, last):
        epoch, place = divmod(step, ROWS // BATCH)
        rows = STREAMS.permutation("shuffle", epoch, ROWS)[place * BATCH :][:BATCH]
        batch = jax.device_put((X[rows], Y[rows]), by_rows)
        params, drawn = train_step(params, STREAMS, *batch, step)
        masks.append(jax.tree.map(np.asarray, drawn))
    ks.checkpoint.save(directory, last, params, STREAMS)
    return masks, jax.tree.map(np.asarray, params)


def test_masks_are_the_same_on_4_then_2_then_1_then_8_devices(tmp_path):
    alone, expected = leg(1, tmp_path / "alone", 4 * EACH)
    moved = []
    for place, devices in enumerate((4, 2, 1, 8), 1):
        masks, params = leg(devices, tmp_path / "moved", place * EACH)
        moved += masks
    assert len(moved) == len(alone) == 4 * EACH
    for (hidden, dropped), (hidden_alone, dropped_alone) in zip(moved, alone, strict=True):
        assert np.array_equal(hidden, hidden_alone)
        assert np.array_equal(hidden, dropped), "the mask of the activations is the one of the key"
        assert np.array_equal(dropped, dropped_alone)
    # Apart from the masks: gradients are summed in another order, so parameters agree to rounding.
    # A sum of 32 float32 terms is off by at most 32 units of 2**-24; 12 steps and the growth of errors
    # between them (below 8 for this step size) leave a relative 2**-24 * 32 * 12 * 8 < 2e-4.
    for name in expected:
        assert np.abs(params[name] - expected[name]).max() <= 2e-4 * np.abs(expected[name]).max()
    assert not np.array_equal(params["a"], np.asarray(initial()["a"]))
