"""The recipes of docs/scale.md, each against the unsharded program, mask for mask, on eight devices.

Weights and inputs are small integers and rates are 1/2, so that all sums are exact in float32: a
difference in the output can only come from a mask.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.sharding import PartitionSpec as P
from meshes import collectives, mesh_of, put

import keystream as ks
from keystream.distributed import shard_index, shard_slice, shard_window

STREAMS = ks.Streams(0, "params", "dropout", coordinates={"layer": 8, "microbatch": 8})
STEP = 3


def integers(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).integers(-2, 3, shape), jnp.float32)


def masked(streams, x, rate=0.5, window=None, **name):
    return ks.dropout(streams.key("dropout", STEP, **name), x, rate, **(window or {}))


def added_by_draws(program, *arguments):
    """The collectives with draws that are not there without."""
    with_draws = collectives(lambda *a: program(0.5, *a), *arguments)
    without = collectives(lambda *a: program(0.0, *a), *arguments)
    for each in without:
        with_draws.remove(each)
    return with_draws


# ---------------------------------------------------------------- data


def mlp(rate, streams, weights, x):
    hidden = masked(streams, x @ weights[0], rate, layer=0)
    return masked(streams, hidden @ weights[1], rate, layer=1)


WEIGHTS = (integers(0, 8, 32), integers(1, 32, 8))
ROWS = integers(2, 16, 8)


@pytest.mark.parametrize("axes", [{"data": 8}, {"data": 4, "model": 2}], ids=str)
def test_data_parallel_under_jit_needs_nothing(axes):
    mesh = mesh_of(**axes)
    x = put(mesh, ROWS, "data")
    whole = mlp(0.5, STREAMS, WEIGHTS, ROWS)
    assert np.array_equal(jax.jit(mlp)(0.5, STREAMS, WEIGHTS, x), whole)
    assert added_by_draws(mlp, STREAMS, WEIGHTS, x) == []

    def gradient(rate, streams, weights, x):
        return jax.grad(lambda w: mlp(rate, streams, w, x).sum())(weights)

    expected = gradient(0.5, STREAMS, WEIGHTS, ROWS)
    found = jax.jit(gradient, static_argnums=0)(0.5, STREAMS, WEIGHTS, x)
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
    assert added_by_draws(gradient, STREAMS, WEIGHTS, x) == []


def test_data_parallel_in_a_shard_map_draws_slices():
    mesh = mesh_of(data=8)

    def program(rate, streams, weights, x):
        def body(streams, weights, x):
            def drop(x, layer):
                return masked(streams, x, rate, shard_window(x, "data"), layer=layer)

            return drop(drop(x @ weights[0], 0) @ weights[1], 1)

        specs = {"in_specs": (P(), P(), P("data")), "out_specs": P("data")}
        return jax.shard_map(body, mesh=mesh, **specs)(streams, weights, x)

    whole = mlp(0.5, STREAMS, WEIGHTS, ROWS)
    assert np.array_equal(jax.jit(program, static_argnums=0)(0.5, STREAMS, WEIGHTS, ROWS), whole)
    assert collectives(lambda *a: program(0.5, *a), STREAMS, WEIGHTS, put(mesh, ROWS, "data")) == []


# ---------------------------------------------------------------- tensor


def test_tensor_parallel_draws_the_slice_of_its_features_and_one_mask_after_the_sum():
    mesh = mesh_of(data=2, model=4)

    def program(rate, streams, weights, x):
        def body(streams, weights, x):
            hidden = x @ weights[0]  # this shard's features: its slice of the mask
            hidden = masked(
                streams, hidden, rate, shard_window(hidden, P("data", "model")), layer=0
            )
            out = lax.psum(hidden @ weights[1], "model")  # whole features on every shard: one mask
            return masked(streams, out, rate, shard_window(out, P("data")), layer=1)

        specs = (P(), (P(None, "model"), P("model")), P("data"))
        return jax.shard_map(body, mesh=mesh, in_specs=specs, out_specs=P("data"))(
            streams, weights, x
        )

    whole = mlp(0.5, STREAMS, WEIGHTS, ROWS)
    assert np.array_equal(jax.jit(program, static_argnums=0)(0.5, STREAMS, WEIGHTS, ROWS), whole)
    assert added_by_draws(program, STREAMS, WEIGHTS, ROWS) == []
    assert collectives(lambda *a: program(0.5, *a), STREAMS, WEIGHTS, ROWS) == ["all-reduce"]


def test_tensor_parallel_under_jit_needs_nothing():
    mesh = mesh_of(data=2, model=4)
    weights = put(mesh, WEIGHTS[0], None, "model"), put(mesh, WEIGHTS[1], "model")
    x = put(mesh, ROWS, "data")
    whole = mlp(0.5, STREAMS, WEIGHTS, ROWS)
    assert np.array_equal(jax.jit(mlp)(0.5, STREAMS, weights, x), whole)
    assert added_by_draws(mlp, STREAMS, weights, x) == []


# ---------------------------------------------------------------- sequence


def attention(rate, streams, x, drop):
    """Weights between positions, dropped, and the outcome dropped; sums of integers, no softmax."""
    scores = jnp.einsum("bqf,bkf->bqk", x, x)
    scores = drop(scores, rate, "scores")
    return drop(jnp.einsum("bqk,bkf->bqf", scores, x), rate, "out")


def test_sequence_parallel_draws_the_slice_of_its_positions():
    mesh = mesh_of(data=2, seq=4)
    x = integers(4, 4, 16, 8)
    names = {"scores": 0, "out": 1}

    def unsharded(rate, streams, x):
        def drop(y, rate, name):
            return masked(streams, y, rate, layer=names[name])

        return attention(rate, streams, x, drop)

    def program(rate, streams, x):
        def body(streams, x):
            everyone = lax.all_gather(x, "seq", axis=1, tiled=True)
            spec = P("data", "seq")  # both [batch, queries, keys] and [batch, queries, features]
            scores = jnp.einsum("bqf,bkf->bqk", x, everyone)
            scores = masked(streams, scores, rate, shard_window(scores, spec), layer=0)
            out = jnp.einsum("bqk,bkf->bqf", scores, everyone)
            return masked(streams, out, rate, shard_window(out, spec), layer=1)

        specs = {"in_specs": (P(), P("data", "seq")), "out_specs": P("data", "seq")}
        return jax.shard_map(body, mesh=mesh, **specs)(streams, x)

    whole = unsharded(0.5, STREAMS, x)
    assert np.array_equal(jax.jit(program, static_argnums=0)(0.5, STREAMS, x), whole)
    assert added_by_draws(program, STREAMS, x) == []
    sharded = put(mesh, x, "data", "seq")
    assert np.array_equal(jax.jit(unsharded, static_argnums=0)(0.5, STREAMS, sharded), whole)
    assert added_by_draws(unsharded, STREAMS, sharded) == []


# ---------------------------------------------------------------- pipeline


def test_pipeline_parallel_draws_by_layer_and_microbatch_wherever_they_meet():
    """Stage s holds layer s; at tick t it works on microbatch t - s of the batch."""
    stages, parts, size = 8, 4, 4
    mesh = mesh_of(stage=stages)
    scales, x = integers(5, stages, 8), integers(6, parts * size, 8)

    def unsharded(streams, scales, x):
        for layer in range(stages):
            x = masked(streams, x + scales[layer], layer=layer)
        return x

    def program(rate, streams, scales, x):
        def body(streams, scales, x):
            stage = shard_index("stage")
            parts_of_x = x.reshape(parts, size, 8)

            def tick(carry, t):
                flowing, done = carry
                m = jnp.clip(t - stage, 0, parts - 1)
                flowing = jnp.where(stage == 0, parts_of_x[m], flowing) + scales[0]
                window = {"index_offset": (m * size, 0), "global_shape": (parts * size, 8)}
                flowing = masked(streams, flowing, rate, window, layer=stage)
                last = (stage == stages - 1) & (t >= stages - 1)
                done = jnp.where(last, done.at[m].set(flowing), done)
                ring = [(s, (s + 1) % stages) for s in range(stages)]
                return (lax.ppermute(flowing, "stage", ring), done), None

            start = lax.pcast(jnp.zeros((size, 8)), ("stage",), to="varying")
            done = lax.pcast(jnp.zeros((parts, size, 8)), ("stage",), to="varying")
            (_, done), _ = lax.scan(tick, (start, done), jnp.arange(stages + parts - 1))
            return lax.psum(jnp.where(stage == stages - 1, done, 0), "stage").reshape(x.shape)

        specs = {"in_specs": (P(), P("stage"), P()), "out_specs": P()}
        return jax.shard_map(body, mesh=mesh, **specs)(streams, scales, x)

    whole = unsharded(STREAMS, scales, x)
    assert np.array_equal(jax.jit(program, static_argnums=0)(0.5, STREAMS, scales, x), whole)
    assert added_by_draws(program, STREAMS, scales, x) == []


# ---------------------------------------------------------------- experts


def test_expert_parallel_draws_by_token_before_and_by_slot_after_they_are_sent():
    """Token i goes to expert i % E; each shard holds one expert and a part of the tokens."""
    experts, tokens, features = 8, 64, 4
    mesh = mesh_of(expert=experts)
    weights, x = integers(7, experts, features, features), integers(8, tokens, features)

    def unsharded(streams, weights, x):
        x = masked(streams, x, layer=0)  # [tokens, features]
        sent = x.reshape(-1, experts, features).swapaxes(0, 1)  # [experts, slots, features]
        hidden = masked(streams, jnp.einsum("esf,efg->esg", sent, weights), layer=1)
        return hidden.swapaxes(0, 1).reshape(tokens, features)

    def program(rate, streams, weights, x):
        def body(streams, weights, x):
            x = masked(streams, x, rate, shard_window(x, "expert"), layer=0)
            sent = x.reshape(-1, experts, features).swapaxes(0, 1)
            # [experts, slots of this shard's tokens] -> [1 expert, all slots]
            sent = lax.all_to_all(sent, "expert", split_axis=0, concat_axis=1, tiled=True)
            hidden = jnp.einsum("esf,efg->esg", sent, weights)
            hidden = masked(streams, hidden, rate, shard_window(hidden, "expert"), layer=1)
            back = lax.all_to_all(hidden, "expert", split_axis=1, concat_axis=0, tiled=True)
            return back.swapaxes(0, 1).reshape(-1, features)

        specs = {"in_specs": (P(), P("expert"), P("expert")), "out_specs": P("expert")}
        return jax.shard_map(body, mesh=mesh, **specs)(streams, weights, x)

    whole = unsharded(STREAMS, weights, x)
    assert np.array_equal(jax.jit(program, static_argnums=0)(0.5, STREAMS, weights, x), whole)
    assert added_by_draws(program, STREAMS, weights, x) == []


# ---------------------------------------------------------------- gradient accumulation

LAYER = ks.linen.Dropout(0.5, deterministic=False)


def gradient(streams, weights, x, **coordinates):
    def loss(weights):
        rngs = streams.rngs(STEP, **coordinates)
        hidden = LAYER.apply({}, x @ weights[0], rngs=rngs)
        return (hidden @ weights[1]).sum()

    return jax.grad(loss)(weights)


def accumulated(streams, weights, x, one):
    """Gradients of microbatches, summed in a scan; ``one`` says how a microbatch draws."""
    parts = x.reshape(8, -1, x.shape[1])

    def add(total, place):
        return jax.tree.map(jnp.add, total, one(streams, weights, parts[place], place)), None

    zeros = jax.tree.map(jnp.zeros_like, weights)
    return lax.scan(add, zeros, jnp.arange(8))[0]


def sliced(streams, weights, x, place):
    with ks.batch_slice(place * x.shape[0], size=8 * x.shape[0]):
        return gradient(streams, weights, x)


def named(streams, weights, x, place):
    return gradient(streams, weights, x, microbatch=place)


def test_accumulated_as_slices_the_gradient_is_that_of_the_full_batch():
    whole = gradient(STREAMS, WEIGHTS, ROWS)
    found = jax.jit(accumulated, static_argnums=3)(STREAMS, WEIGHTS, ROWS, sliced)
    assert all(np.array_equal(a, b) for a, b in zip(found, whole, strict=True))


def test_accumulated_as_coordinates_each_microbatch_draws_its_own_on_purpose():
    whole = gradient(STREAMS, WEIGHTS, ROWS)
    found = jax.jit(accumulated, static_argnums=3)(STREAMS, WEIGHTS, ROWS, named)
    assert not np.array_equal(found[0], whole[0])
    parts = [gradient(STREAMS, WEIGHTS, ROWS.reshape(8, 2, 8)[m], microbatch=m) for m in range(8)]
    expected = jax.tree.map(lambda *parts: sum(parts), *parts)
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
    ones = jnp.ones((2, 32))
    masks = {
        np.asarray(LAYER.apply({}, ones, rngs=STREAMS.rngs(STEP, microbatch=m))).tobytes()
        for m in range(8)
    }
    assert len(masks) == 8


def test_accumulated_within_data_parallel_shards_the_gradient_is_that_of_the_full_batch():
    mesh = mesh_of(data=2)
    whole = gradient(STREAMS, WEIGHTS, ROWS)

    def body(streams, weights, x):
        with shard_slice("data"):
            parts = x.reshape(4, -1, x.shape[1])

            def one(place):
                with ks.batch_slice(place * 2, size=8):  # of this shard's own eight rows
                    return gradient(streams, weights, parts[place])

            total = jax.tree.map(lambda *g: sum(g), *[one(place) for place in range(4)])
        return lax.psum(total, "data")

    specs = {"in_specs": (P(), P(), P("data")), "out_specs": P(), "check_vma": False}
    found = jax.jit(jax.shard_map(body, mesh=mesh, **specs))(STREAMS, WEIGHTS, ROWS)
    assert all(np.array_equal(a, b) for a, b in zip(found, whole, strict=True))
