"""`Streams` under JAX's transformations: same keys everywhere, no retrace, visible derivations."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, PartitionSpec

import keystream as ks

STREAMS = ks.Streams(0, "params", "dropout", "noise", coordinates={"microbatch": 64})
data = jax.random.key_data


def expected(step, microbatch=0):
    return np.asarray(data(STREAMS.key("noise", step, microbatch=microbatch)))


def test_jit_gives_the_eager_keys_for_host_and_traced_steps():
    traced = jax.jit(lambda s, step: data(s.key("noise", step)))
    closed = jax.jit(lambda step: data(STREAMS.key("noise", step)))
    constant = jax.jit(lambda: data(STREAMS.key("noise", 7)))
    np.testing.assert_array_equal(traced(STREAMS, 7), expected(7))
    np.testing.assert_array_equal(traced(STREAMS, np.uint32(7)), expected(7))
    np.testing.assert_array_equal(closed(7), expected(7))
    np.testing.assert_array_equal(constant(), expected(7))


def test_another_seed_does_not_retrace_and_other_names_do():
    traces = []

    @jax.jit
    def draw(streams, step):
        traces.append(streams.names)
        return streams.rngs(step)

    for seed in range(3):
        draw(ks.Streams(seed, "params", "dropout"), 5)
    assert len(traces) == 1
    draw(ks.Streams(0, "params", "noise"), 5)
    assert traces == [("params", "dropout"), ("params", "noise")]


def test_one_compiled_derivation_serves_children_and_other_names():
    from keystream._derive import _jitted

    ks.Streams(0, "first", "second").rngs(0)
    before = _jitted.cache_info().misses
    ks.Streams(0, "third", "fourth").child("namespace").rngs(0)
    assert _jitted.cache_info().misses == before


def test_vmap_over_steps_coordinates_and_seeds():
    steps = jnp.arange(4)
    keys = jax.vmap(lambda step: data(STREAMS.key("noise", step)))(steps)
    np.testing.assert_array_equal(keys, [expected(step) for step in range(4)])
    grid = jax.vmap(
        lambda step: jax.vmap(lambda m: data(STREAMS.key("noise", step, microbatch=m)))(steps)
    )(steps)
    np.testing.assert_array_equal(grid[3, 2], expected(3, 2))
    seeds = jax.vmap(lambda seed: data(ks.Streams(seed, "params", "noise").key("noise", 1)))(
        jnp.arange(3, dtype=jnp.uint32)
    )
    np.testing.assert_array_equal(seeds[2], data(ks.Streams(2, "params", "noise").key("noise", 1)))


def test_vmap_over_an_ensemble_of_streams():
    ensemble = jax.vmap(lambda seed: ks.Streams(seed, "params", "noise"))(
        jnp.arange(3, dtype=jnp.uint32)
    )
    assert ensemble.roots.shape == (3, 1, 2)
    keys = jax.vmap(lambda streams: data(streams.rngs(4)["noise"]))(ensemble)
    for seed in range(3):
        single = ks.Streams(seed, "params", "noise").rngs(4)["noise"]
        np.testing.assert_array_equal(keys[seed], data(single))


def test_scan_and_while_loop_carry_streams():
    def body(carry, step):
        streams, total = carry
        return (streams, total + 1), data(streams.key("noise", step))

    (after, total), keys = jax.lax.scan(body, (STREAMS, 0), jnp.arange(5))
    assert after == STREAMS
    assert total == 5
    np.testing.assert_array_equal(keys, [expected(step) for step in range(5)])

    def advance(carry):
        step, streams, _ = carry
        return step + 1, streams, data(streams.key("noise", step))

    start = (0, STREAMS, jnp.zeros(2, jnp.uint32))
    _, _, last = jax.lax.while_loop(lambda carry: carry[0] < 6, advance, start)
    np.testing.assert_array_equal(last, expected(5))


def test_grad_and_remat_pass_streams_through():
    def loss(weight, streams, step):
        return (weight * jax.random.normal(streams.key("noise", step), (3,))).sum()

    noise = jax.random.normal(STREAMS.key("noise", 2), (3,))
    for function in (loss, jax.checkpoint(loss)):
        gradient = jax.grad(function)(2.0, STREAMS, 2)
        np.testing.assert_allclose(gradient, noise.sum(), rtol=1e-6)


def test_shard_map_derives_per_shard_and_shared_keys():
    mesh = Mesh(np.array(jax.devices()[:8]), ("data",))

    @partial(
        jax.shard_map,
        mesh=mesh,
        in_specs=(PartitionSpec(), PartitionSpec()),
        out_specs=(PartitionSpec("data"), PartitionSpec()),
    )
    def body(streams, step):
        own = streams.key("noise", step, microbatch=jax.lax.axis_index("data"))
        return data(own)[None], data(streams.key("noise", step))

    own, shared = jax.jit(body)(STREAMS, 9)
    np.testing.assert_array_equal(own, [expected(9, shard) for shard in range(8)])
    np.testing.assert_array_equal(shared, expected(9))


def test_eval_shape_and_tree_functions_rebuild_streams():
    shape = jax.eval_shape(lambda streams: streams, STREAMS)
    assert isinstance(shape, ks.Streams)
    assert shape.roots == jax.ShapeDtypeStruct((1, 2), jnp.uint32)
    assert "<traced>" in repr(shape)
    path, leaf = jax.tree_util.tree_leaves_with_path(STREAMS)[0]
    assert jax.tree_util.keystr(path) == ".roots"
    assert leaf is STREAMS.roots
    rebuilt = jax.tree.map(lambda leaf: leaf, STREAMS)
    assert rebuilt == STREAMS
    assert len(jax.tree.leaves(ks.Streams(params=0, dropout=1))) == 1


def test_donated_streams_come_back_from_the_step():
    streams = ks.Streams(4, "noise")
    before = np.asarray(data(streams.key("noise", 1)))
    step = jax.jit(lambda s: (s, data(s.key("noise", 1))), donate_argnums=0)
    again, words = step(streams)
    np.testing.assert_array_equal(words, before)
    np.testing.assert_array_equal(data(again.key("noise", 1)), before)


def test_streams_made_while_tracing_can_be_kept():
    kept = []

    @jax.jit
    def trace(step):
        kept.append(ks.Streams(0, "noise"))
        return data(kept[0].key("noise", step))

    np.testing.assert_array_equal(trace(3), data(kept[0].key("noise", 3)))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda s, step: s.key("noise", step), "ks.key.v1"),
        (lambda s, step: s.rngs(step), "ks.key.v1"),
        (lambda s, step: s.init_rngs(), "ks.key.v1"),
        (lambda s, step: s.keys("noise", step, 8), "ks.keys.v1"),
        (lambda s, step: s.child("teacher").key("noise", step), "ks.key.v1"),
        (lambda s, step: STREAMS.key("noise", 3), "ks.key.v1"),
    ],
    ids=["key", "rngs", "init_rngs", "keys", "child", "constant"],
)
def test_every_derivation_is_one_named_call_in_the_jaxpr(call, name):
    for streams in (STREAMS, ks.Streams(params=1, dropout=2, noise=3)):
        equations = jax.make_jaxpr(call)(streams, 5).eqns
        calls = [e.params["name"] for e in equations if e.primitive.name in ("jit", "pjit")]
        assert calls == [name]
        rest = {e.primitive.name for e in equations} - {"jit", "pjit"}
        assert rest <= {"random_wrap", "convert_element_type"}


def test_an_integer_array_of_any_width_is_a_step():
    for dtype in (jnp.uint8, jnp.int16, jnp.uint32, jnp.int32):
        np.testing.assert_array_equal(data(STREAMS.key("noise", dtype(9))), expected(9))
    np.testing.assert_array_equal(data(STREAMS.key("noise", np.int64(9))), expected(9))
    np.testing.assert_array_equal(data(STREAMS.key("noise", np.array(9))), expected(9))


def test_streams_are_a_static_argument_too():
    draw = jax.jit(lambda streams, step: data(streams.key("noise", step)), static_argnums=0)
    np.testing.assert_array_equal(draw(STREAMS, 3), expected(3))
