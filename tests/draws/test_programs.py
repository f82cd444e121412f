"""What draws are in a program: named, outlined, local to each shard, and nothing kept without need."""

import contextlib
import functools
import io
import re

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest
from jax.ad_checkpoint import print_saved_residuals
from jax.sharding import NamedSharding, PartitionSpec

import keystream as ks

KEY = jax.random.key(5)
X = jnp.ones((64, 32))


def names(f, *args):
    return re.findall(r"name=(ks\.\w+\.v1)", str(jax.make_jaxpr(f)(*args)))


def drop(key, x, **options):
    return ks.dropout(key, x, 0.3, **options)


@pytest.mark.parametrize(
    "draw",
    [
        drop,
        jax.jit(drop),
        functools.partial(drop, regenerate=True),
        functools.partial(drop, broadcast_dims=(0,)),
        functools.partial(drop, index_offset=(0, 0), global_shape=(128, 32)),
        jax.vmap(drop, (None, 0)),
        lambda key, x: drop(jax.random.key(0, impl="rbg"), x),
        lambda key, x: ks.dropout(key, x, x[0, 0] * 0.3),
    ],
    ids=["plain", "jit", "regenerate", "broadcast", "part", "vmap", "rbg", "traced rate"],
)
def test_a_mask_is_one_named_call(draw):
    assert names(draw, KEY, X) == ["ks.mask.v1"]


def test_noise_and_token_masks_are_one_named_call_each():
    assert names(lambda key, x: ks.gaussian_noise(key, x, 0.1), KEY, X) == ["ks.normal.v1"]
    tokens = jnp.zeros((4, 8), jnp.int32)
    assert names(lambda key, x: ks.token_mask(key, x, 0.1), KEY, tokens) == ["ks.token_mask.v1"]


def test_a_kept_mask_is_drawn_once_and_a_regenerated_one_again_in_the_backward_pass():
    def gradient(key, x, regenerate):
        return jax.grad(lambda x: (drop(key, x, regenerate=regenerate) ** 2).sum())(x)

    assert names(functools.partial(gradient, regenerate=False), KEY, X) == ["ks.mask.v1"]
    assert names(functools.partial(gradient, regenerate=True), KEY, X) == ["ks.mask.v1"] * 2


def test_no_draw_is_made_at_rate_0_and_1():
    assert names(lambda key, x: ks.dropout(key, x, 0.0) + ks.dropout(key, x, 1.0), KEY, X) == []


def residuals(f):
    """What the backward pass keeps beside arguments, as JAX prints it."""
    with contextlib.redirect_stdout(io.StringIO()) as text:
        print_saved_residuals(f, X)
    return [line.split(" ")[0] for line in text.getvalue().splitlines() if "argument" not in line]


def test_the_backward_pass_keeps_one_byte_an_element_or_none():
    divisor = "f32[]"
    assert sorted(residuals(lambda x: drop(KEY, x))) == ["bool[64,32]", divisor]
    key_and_limit = {"u32[2]", "u32[1]"}
    assert set(residuals(lambda x: drop(KEY, x, regenerate=True))) <= key_and_limit | {divisor}
    shared = residuals(lambda x: ks.dropout(KEY, x, 0.3, broadcast_dims=(1,)))
    assert sorted(shared) == ["bool[64,1]", divisor]


def test_noise_keeps_nothing_an_element():
    assert residuals(lambda x: ks.gaussian_noise(KEY, x, 0.1)) == []
    assert residuals(lambda x: ks.gaussian_noise(KEY, x, 0.1, multiplicative=True)) == ["u32[2]"]


def test_a_compiled_loop_over_layers_holds_no_mask_where_masks_are_regenerated():
    def loss(x, weight, key, regenerate):
        def layer(x, key):
            return jnp.tanh(drop(key, x @ weight, regenerate=regenerate)), None

        return jax.lax.scan(layer, x, jax.random.split(key, 8))[0].sum()

    x, weight = jnp.ones((256, 256)), jnp.eye(256)
    held = {}
    for regenerate in (False, True):
        step = jax.jit(jax.grad(functools.partial(loss, regenerate=regenerate)))
        compiled = step.lower(x, weight, KEY).compile()
        held[regenerate] = compiled.memory_analysis().temp_size_in_bytes / x.size
    # Eight layers' masks, one byte an element each; or the one of the layer at work.
    assert held[False] - held[True] >= 7


def test_a_site_is_hashed_once_in_a_compiled_step_on_the_cpu():
    def loss(weights, x, key):
        for place, weight in enumerate(weights):
            x = jnp.tanh(drop(jax.random.fold_in(key, place), x @ weight))
        return x.sum()

    weights = [jnp.eye(32) * (place + 1) for place in range(3)]
    text = jax.jit(jax.grad(loss)).lower(weights, X, KEY).compile().as_text()
    assert len(re.findall(r"pred\[64,32\]\S* call\(.*inlineable=\"false\"", text)) == 3


MESHES = [
    ((2,), PartitionSpec("a")),
    ((4,), PartitionSpec(None, "a")),
    ((8,), PartitionSpec("a")),
    ((4, 2), PartitionSpec("a", "b")),
]


@pytest.mark.parametrize(("mesh_shape", "spec"), MESHES, ids=str)
@pytest.mark.parametrize(
    "draw",
    [
        drop,
        functools.partial(drop, regenerate=True),
        lambda key, x: ks.drop_path(key, x, 0.3),
        lambda key, x: ks.gaussian_noise(key, x, 0.3),
    ],
    ids=["dropout", "regenerate", "drop_path", "noise"],
)
def test_a_sharded_input_gets_the_same_draws_without_communication(draw, mesh_shape, spec):
    count = int(np.prod(mesh_shape))
    mesh = jax.sharding.Mesh(
        np.array(jax.devices()[:count]).reshape(mesh_shape), ("a", "b")[: len(mesh_shape)]
    )
    x = jax.device_put(X, NamedSharding(mesh, spec))

    def both(key, x):
        y, pull = jax.vjp(functools.partial(draw, key), x)
        return y, pull(x)[0]

    compiled = jax.jit(both).lower(KEY, x).compile()
    for sharded, single in zip(compiled(KEY, x), jax.jit(both)(KEY, X), strict=True):
        np.testing.assert_allclose(sharded, single, rtol=1e-6)
        assert ((np.asarray(sharded) == 0) == (np.asarray(single) == 0)).all()
        assert sharded.sharding.is_equivalent_to(x.sharding, x.ndim)
    collectives = r"all-gather|all-reduce|all-to-all|collective-permute|reduce-scatter"
    assert not re.findall(collectives, compiled.as_text())


def test_a_shard_map_body_draws_its_part_of_the_global_mask():
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:4]), ("data",))

    def body(key, x):
        row = jax.lax.axis_index("data") * x.shape[0]
        return drop(key, x, index_offset=(row, 0), global_shape=X.shape)

    spec = PartitionSpec("data")
    mapped = jax.shard_map(body, mesh=mesh, in_specs=(PartitionSpec(), spec), out_specs=spec)
    assert (jax.jit(mapped)(KEY, X) == jax.jit(drop)(KEY, X)).all()


@pytest.mark.parametrize(
    "draw",
    [
        drop,
        functools.partial(drop, regenerate=True),
        functools.partial(drop, broadcast_dims=(1,)),
        lambda key, x: drop(jax.random.wrap_key_data(jnp.zeros(4, jnp.uint32), impl="rbg"), x),
        lambda key, x: ks.gaussian_noise(key, x, 0.3),
    ],
    ids=["dropout", "regenerate", "broadcast", "rbg", "noise"],
)
def test_explicit_mesh_axes_get_the_same_draws_in_the_sharding_of_the_input(draw):
    kinds = (jax.sharding.AxisType.Explicit,) * 2
    mesh = jax.make_mesh((4, 2), ("a", "b"), axis_types=kinds)
    expected = np.asarray(jax.jit(draw)(KEY, X))
    with jax.set_mesh(mesh):
        x = jax.device_put(X, NamedSharding(mesh, PartitionSpec("a", "b")))
        y, pull = jax.jit(lambda x: jax.vjp(functools.partial(draw, KEY), x))(x)
        np.testing.assert_allclose(jax.device_get(y), expected, rtol=1e-6)
        assert y.sharding.spec == PartitionSpec("a", "b")
        assert pull(x)[0].sharding.spec == PartitionSpec("a", "b")


@pytest.mark.parametrize("draw", [drop, functools.partial(ks.gaussian_noise, scale=0.3)])
def test_a_program_exported_for_batches_of_any_size_draws_the_same(draw):
    (size,) = jax.export.symbolic_shape("b")
    words = jax.random.key_data(KEY)
    program = jax.jit(lambda words, x: draw(jax.random.wrap_key_data(words), x))
    exported = jax.export.export(program)(words, jax.ShapeDtypeStruct((size, 32), jnp.float32))
    for rows in (3, 64):
        difference = exported.call(words, X[:rows]) - program(words, X[:rows])
        assert jnp.abs(difference).max() <= (0 if draw is drop else 2**-22)  # noise: two roundings
