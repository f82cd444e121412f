"""What a shard draws: its own, the same as all, or its part of the global mask; never a collective."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.sharding import PartitionSpec as P
from meshes import collectives, mesh_of, put

import keystream as ks
from keystream.distributed import per_shard, shard_index, shard_slice, shard_window, shared

STREAMS = ks.Streams(0, "params", "dropout", "noise", coordinates={"shard": 8})
X = jnp.ones((16, 8, 24))
DRAWS = {
    "dropout": lambda key, x, **window: ks.dropout(key, x, 0.5, **window),
    "lanes": lambda key, x, **window: ks.dropout(key, x, 0.5, lane_bits=8, **window),
    "drop_path": lambda key, x, **window: ks.drop_path(key, x, 0.5, **window),
    "gaussian_noise": lambda key, x, **window: ks.gaussian_noise(key, x, 0.5, **window),
    "token_mask": lambda key, x, **window: ks.token_mask(key, x, 0.5, **window).tokens,
    "shared time": lambda key, x, **window: ks.dropout(key, x, 0.5, broadcast_dims=(1,), **window),
}
SPECS = [
    P("data"),
    P(None, "model"),
    P("data", None, "model"),
    P(("data", "model")),
    P(None, ("model", "data")),
]


def mapped(mesh, body, spec, **options):
    """The body over shards of x, with streams everywhere."""
    specs = {"in_specs": (P(), spec), "out_specs": spec}
    return jax.jit(jax.shard_map(body, mesh=mesh, **specs, **options))


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_under_jit_a_sharded_draw_is_the_unsharded_one_without_a_collective(draw):
    def program(streams, x):
        return draw(streams.key("dropout", 3), x)

    whole = program(STREAMS, X)
    for axes in ({"data": 8}, {"data": 2, "model": 4}):
        mesh = mesh_of(**axes)
        for spec in (P("data"), P(None, "data"), P("data", None, tuple(axes)[-1])):
            if len(axes) == 1 and len(spec) == 3:
                continue
            x = put(mesh, X, *spec)
            assert np.array_equal(jax.jit(program)(STREAMS, x), whole)
            assert collectives(program, STREAMS, x) == []


@pytest.mark.parametrize("spec", SPECS, ids=str)
@pytest.mark.parametrize("draw", ["dropout", "gaussian_noise", "token_mask"])
def test_a_shards_slice_is_its_part_of_the_global_draw(draw, spec):
    mesh = mesh_of(data=2, model=4)

    def body(streams, x):
        return DRAWS[draw](streams.key("dropout", 3), x, **shard_window(x, spec))

    whole = DRAWS[draw](STREAMS.key("dropout", 3), X)
    for check in (True, False):
        sharded = mapped(mesh, body, spec, check_vma=check)
        assert np.array_equal(sharded(STREAMS, X), whole)
        assert collectives(sharded, STREAMS, put(mesh, X, *spec)) == []


LAYERS = {
    "linen": lambda x, key: ks.linen.Dropout(0.5, deterministic=False).apply(
        {}, x, rngs={"dropout": key}
    ),
    "nnx": lambda x, key: ks.nnx.Dropout(0.5, rngs=nnx.Rngs(dropout=key))(x),
    "equinox": lambda x, key: ks.equinox.Dropout(0.5)(x, key=key),
}


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_layers_within_a_shard_slice_draw_the_global_mask(layer):
    mesh, spec = mesh_of(data=2, model=4), P("data", None, "model")

    def body(streams, x):
        with shard_slice(spec):
            return layer(x, streams.key("dropout", 3))

    def outside(streams, x):
        return layer(x, streams.key("dropout", 3))

    whole = layer(X, STREAMS.key("dropout", 3))
    assert np.array_equal(mapped(mesh, body, spec)(STREAMS, X), whole)
    assert not np.array_equal(mapped(mesh, outside, spec)(STREAMS, X), whole)
    assert isinstance(whole, jax.Array)
    assert eqx.is_array(whole)


def test_the_gradient_of_a_sharded_program_is_the_unsharded_one():
    mesh, spec = mesh_of(data=2, model=4), P("data", None, "model")

    def body(streams, x):
        with shard_slice(spec):
            return LAYERS["linen"](x, streams.key("dropout", 3))

    sharded = mapped(mesh, body, spec)
    gradient = jax.jit(jax.grad(lambda x: (sharded(STREAMS, x) * X).sum()))
    assert np.array_equal(gradient(X), LAYERS["linen"](X, STREAMS.key("dropout", 3)))


def test_a_microbatch_of_a_shard_draws_its_part_too():
    mesh = mesh_of(data=8)
    key = STREAMS.key("dropout", 3)
    whole = LAYERS["linen"](X, key)

    def body(streams, x):  # two microbatches of one row each
        def part(start):
            with shard_slice("data"), ks.batch_slice(start, size=2):
                return LAYERS["linen"](x[start : start + 1], streams.key("dropout", 3))

        return jnp.concatenate([part(0), part(1)])

    assert np.array_equal(mapped(mesh, body, P("data"))(STREAMS, X), whole)


def masks(mesh, body):
    """The mask that each of eight shards draws for two rows."""
    out = mapped(mesh, body, P(tuple(mesh.axis_names)))(STREAMS, jnp.ones((16, 32)))
    return {np.asarray(part).tobytes() for part in np.split(np.asarray(out), 8)}


@pytest.mark.parametrize("axes", [{"data": 8}, {"data": 2, "model": 4}], ids=str)
def test_per_shard_and_shard_index_draw_differently_on_each_shard(axes):
    mesh, names = mesh_of(**axes), tuple(axes)

    def folded(streams, x):
        return ks.dropout(per_shard(streams.rngs(3), names)["noise"], x, 0.5)

    def named(streams, x):
        return ks.dropout(streams.key("noise", 3, shard=shard_index(names)), x, 0.5)

    assert len(masks(mesh, folded)) == len(masks(mesh, named)) == 8
    for body in (folded, named):
        sharded = mapped(mesh, body, P(names))
        assert collectives(sharded, STREAMS, put(mesh, jnp.ones((16, 32)), names)) == []


def test_per_shard_along_one_axis_is_the_same_along_the_other():
    def body(streams, x):
        return ks.dropout(per_shard(streams.key("noise", 3), "data"), x, 0.5)

    assert len(masks(mesh_of(data=2, model=4), body)) == 2


def test_shared_keys_draw_the_same_on_every_shard():
    def body(streams, x):
        return ks.dropout(shared(streams.rngs(3), ("data", "model"))["noise"], x, 0.5)

    assert len(masks(mesh_of(data=2, model=4), body)) == 1


def test_the_key_of_a_shard_is_the_one_that_the_host_makes():
    mesh = mesh_of(data=2, model=4)
    keys = mapped(
        mesh,
        lambda streams, x: jax.random.key_data(
            streams.key("noise", 3, shard=shard_index(("data", "model")))
        )[None],
        P(("data", "model")),
    )(STREAMS, jnp.ones(8))
    expected = [jax.random.key_data(STREAMS.key("noise", 3, shard=s)).tolist() for s in range(8)]
    assert keys.tolist() == expected


def message(call):
    with pytest.raises(ks.errors.KeystreamError) as caught:
        call()
    return str(caught.value)


def test_a_key_that_may_differ_is_not_shared():
    def body(streams, x):
        return x * shared(streams.key("noise", 3, shard=shard_index("data")), "data").shape[0]

    assert message(lambda: mapped(mesh_of(data=8), body, P("data"))(STREAMS, X)) == (
        "a key may differ along mesh axis 'data'\n"
        "  where: keystream.distributed.shared\n"
        "  why:   replicas that draw from different keys disagree, and drift apart in silence\n"
        "  fix:   derive it from the step and names alone, outside of anything that depends on the"
        " shard\n"
        "  KS006 unsupported-key (keystream rule KS006)"
    )


def test_an_axis_that_is_not_there_is_refused():
    assert message(lambda: shard_index("data")) == (
        "there is no mesh axis 'data' here\n"
        "  where: keystream.distributed.shard_index\n"
        "  why:   which shard this is decides what it draws\n"
        "  fix:   call it in the body of jax.shard_map over a mesh with that axis; under jit with"
        " sharded inputs draws need no help\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )
    for call in (
        lambda: per_shard(STREAMS.rngs(3), ("data", "model")),
        lambda: shared(STREAMS.rngs(3), "data"),
        lambda: shard_window(X, P(None, "data")),
    ):
        assert message(call).splitlines()[-1].startswith("  KS002")


def test_a_spec_with_more_entries_than_axes_is_refused():
    def body(streams, x):
        with shard_slice(P("data", None, None, None)):
            return LAYERS["linen"](x, streams.key("dropout", 3))

    assert message(lambda: mapped(mesh_of(data=8), body, P("data"))(STREAMS, X)) == (
        "a spec of 4 entries does not fit an array of 3 axes\n"
        "  where: keystream.distributed.shard_slice\n"
        "  why:   an element's draw depends on its place in the global array\n"
        "  fix:   give one entry an axis of what is drawn for, and other layers a context of their own\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_outside_of_the_context_layers_draw_as_before():
    with shard_slice("data"):
        pass
    key = STREAMS.key("dropout", 3)
    assert np.array_equal(LAYERS["equinox"](X, key), ks.dropout(key, X, 0.5))


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_timeout_that_is_none_is_refused(timeout):
    assert message(lambda: ks.distributed.check(STREAMS, timeout=timeout)).startswith("timeout")


def test_in_one_process_the_check_does_nothing():
    assert ks.distributed.check(STREAMS) is None


# ---------------------------------------------------------------- a job of 100 000 devices

SIZES = {"device": 100_000, "microbatch": 64}
STEPS = 1_000_000


def test_a_job_of_100_000_devices_fits_and_its_keys_are_distinct_where_sampled():
    """The argument: positions fit in 44 bits, packing is injective, the block a bijection."""
    streams = ks.Streams(0, "params", "dropout", "noise", coordinates=SIZES, steps=STEPS + 1)
    radix = streams.declaration.radix
    assert radix.positions == (STEPS + 1) * 100_000 * 64 < 2**44

    corners = [(s, d, m) for s in (0, STEPS - 1) for d in (0, 99_999) for m in (0, 63)]
    for step, device, microbatch in corners:
        position = radix.pack(step, {"device": device, "microbatch": microbatch})
        assert radix.unpack(position) == (step, {"device": device, "microbatch": microbatch})

    chance = np.random.default_rng(0)
    n = 200_000
    names = np.stack([chance.integers(0, size, n) for size in (STEPS, 100_000, 64)], axis=1).astype(
        np.uint32
    )
    names = np.unique(np.concatenate([names, np.array(corners, np.uint32)]), axis=0)

    @jax.jit
    def keys_of(names):
        def keys(step, device, microbatch):
            place = {"device": device, "microbatch": microbatch}
            both = [streams.key(name, step, **place) for name in ("dropout", "noise")]
            return jnp.stack([jax.random.key_data(key) for key in both])

        return jax.vmap(keys)(names[:, 0], names[:, 1], names[:, 2])

    words = np.asarray(keys_of(names)).reshape(-1, 2)
    assert len(np.unique(words, axis=0)) == 2 * len(names)
    for step, device, microbatch in corners:
        key = streams.key("noise", step, device=device, microbatch=microbatch)
        identity = streams.identify(key)
        assert (identity.stream, identity.step) == ("noise", step)
        assert identity.coordinates == {"device": device, "microbatch": microbatch}


def test_a_job_that_does_not_fit_is_refused_when_it_is_declared():
    with pytest.raises(ks.errors.ValueOutOfRangeError, match="do not fit"):
        ks.Streams(0, "dropout", coordinates=SIZES, steps=3_000_000)
