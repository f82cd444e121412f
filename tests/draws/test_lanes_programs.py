"""What reduced-bit dropout is in a program: one named call, local to each shard, nothing kept."""

import contextlib
import functools
import io
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.ad_checkpoint import print_saved_residuals
from jax.sharding import NamedSharding, PartitionSpec

import keystream as ks

KEY = jax.random.key(5)
X = jnp.ones((64, 128))
SPEC = PartitionSpec


def drop(key, x, rate=0.3, **options):
    return ks.dropout(key, x, rate, lane_bits=8, **options)


def names(f, *args):
    return re.findall(r"name=(ks\.\w+\.v1)", str(jax.make_jaxpr(f)(*args)))


@pytest.mark.parametrize(
    "draw",
    [
        drop,
        functools.partial(drop, regenerate=False),
        functools.partial(drop, broadcast_dims=(0,)),
        functools.partial(drop, index_offset=(0, 3), global_shape=(128, 140)),
        jax.vmap(drop, (None, 0)),
        lambda key, x: drop(jax.random.key(0, impl="rbg"), x),
        lambda key, x: drop(key, x, x[0, 0] * 0.3),
    ],
    ids=["plain", "kept", "broadcast", "part", "vmap", "rbg", "traced rate"],
)
def test_a_mask_is_one_named_call(draw):
    assert names(draw, KEY, X) == ["ks.mask8.v1"]


def gradient(key, x, **options):
    return jax.grad(lambda x: (drop(key, x, **options) ** 2).sum())(x)


def test_the_mask_is_drawn_again_in_the_backward_pass_unless_it_is_to_be_kept():
    assert names(gradient, KEY, X) == ["ks.mask8.v1"] * 2
    assert names(functools.partial(gradient, regenerate=False), KEY, X) == ["ks.mask8.v1"]


def residuals(f):
    """What the backward pass keeps beside arguments, as JAX prints it."""
    with contextlib.redirect_stdout(io.StringIO()) as text:
        print_saved_residuals(f, X)
    return [line.split(" ")[0] for line in text.getvalue().splitlines() if "argument" not in line]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_nothing_an_element_is_kept_for_the_backward_pass(dtype):
    small = {"u32[2]", "u32[0]", "f32[]"}
    assert set(residuals(lambda x: drop(KEY, x.astype(dtype)))) <= small
    rate = jnp.float32(0.3)
    assert set(residuals(lambda x: drop(KEY, x.astype(dtype), rate))) <= small
    assert "bool[64,128]" in residuals(lambda x: drop(KEY, x, regenerate=False))


@pytest.mark.parametrize("regenerate", [None, False])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_gradient_is_the_forward_map_itself(dtype, regenerate):
    x = jnp.linspace(-3, 3, 21 * 8).reshape(8, 21).astype(dtype)
    y, pull = jax.vjp(functools.partial(drop, KEY, regenerate=regenerate), x)
    np.testing.assert_array_equal(y, pull(x)[0])
    tangent = jax.jvp(functools.partial(drop, KEY, regenerate=regenerate), (x,), (x,))[1]
    np.testing.assert_array_equal(y, tangent)


def test_derivatives_compose_with_transformations():
    x = jnp.linspace(-3, 3, 40).reshape(4, 10)
    scale = drop(KEY, jnp.ones_like(x))

    def loss(x):
        return (drop(KEY, x) ** 3).sum()

    expected = 3 * scale**3 * x**2
    for derivative in (
        jax.grad(loss),
        jax.jit(jax.grad(loss)),
        jax.grad(jax.checkpoint(loss)),
        jax.jacfwd(loss),
    ):
        np.testing.assert_allclose(derivative(x), expected, rtol=1e-6)
    second = jax.jvp(jax.grad(loss), (x,), (jnp.ones_like(x),))[1]
    np.testing.assert_allclose(second, 6 * scale**3 * x, rtol=1e-6)
    keys = jax.random.split(KEY, 3)
    each = jax.vmap(jax.grad(lambda x, key: (drop(key, x) ** 3).sum()), (None, 0))(x, keys)
    for key, got in zip(keys, each, strict=True):
        alone = jax.grad(lambda x, key=key: (drop(key, x) ** 3).sum())(x)
        np.testing.assert_allclose(got, alone, rtol=1e-6)


@pytest.mark.parametrize("rate", [1.0, jnp.float32(1.0)], ids=["known", "traced"])
def test_the_gradient_at_rate_1_is_zero(rate):
    for regenerate in (True, False):
        g = jax.grad(lambda x, r=regenerate: drop(KEY, x, rate, regenerate=r).sum())(X)
        np.testing.assert_array_equal(g, jnp.zeros_like(X))


def test_a_scan_over_layers_draws_each_layer_its_own_mask():
    keys = jax.random.split(KEY, 4)

    def loss(x):
        return jax.lax.scan(lambda x, key: (drop(key, x), None), x, keys)[0].sum()

    expected = np.prod([np.asarray(drop(key, X)) for key in keys], axis=0)
    np.testing.assert_allclose(jax.jit(jax.grad(loss))(X), expected, rtol=1e-6)


MESHES = [
    ((2,), SPEC("a")),
    ((4,), SPEC("a")),
    ((8,), SPEC("a")),
    ((2,), SPEC(None, "a")),
    ((8,), SPEC(None, "a")),
    ((2, 2), SPEC("a", "b")),
    ((4, 2), SPEC("a", "b")),
]
COLLECTIVES = r"all-gather|all-reduce|all-to-all|collective-permute|reduce-scatter"


@pytest.mark.parametrize(("mesh_shape", "spec"), MESHES, ids=str)
@pytest.mark.parametrize("regenerate", [None, False])
def test_a_sharded_input_gets_the_same_mask_without_communication(mesh_shape, spec, regenerate):
    count = int(np.prod(mesh_shape))
    devices = np.array(jax.devices()[:count]).reshape(mesh_shape)
    mesh = jax.sharding.Mesh(devices, ("a", "b")[: len(mesh_shape)])
    x = jax.device_put(X, NamedSharding(mesh, spec))

    def both(key, x):
        y, pull = jax.vjp(functools.partial(drop, key, regenerate=regenerate), x)
        return y, pull(x)[0]

    compiled = jax.jit(both).lower(KEY, x).compile()
    for sharded, single in zip(compiled(KEY, x), jax.jit(both)(KEY, X), strict=True):
        np.testing.assert_array_equal(sharded, single)
        assert sharded.sharding.is_equivalent_to(x.sharding, x.ndim)
    text = compiled.as_text()
    assert not re.findall(COLLECTIVES, text)
    # Nobody hashes another shard's blocks: words are of a shard's own 64 x 16 / count blocks.
    shapes = re.findall(r"u32\[(\d+),(\d+)\]", text)
    assert {int(rows) * int(columns) * count for rows, columns in shapes} == {64 * 16}


def test_a_shard_map_body_draws_its_part_of_the_global_mask():
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:4]), ("data",))

    def body(key, x):
        column = jax.lax.axis_index("data") * x.shape[1]
        return drop(key, x, index_offset=(0, column), global_shape=(64, 132))

    spec = SPEC(None, "data")
    x = jnp.ones((64, 132))  # 33 columns a shard: shards begin in the middle of blocks
    mapped = jax.shard_map(body, mesh=mesh, in_specs=(SPEC(), spec), out_specs=spec)
    np.testing.assert_array_equal(jax.jit(mapped)(KEY, x), drop(KEY, x))


@pytest.mark.parametrize("shape", [(64, 128), (64, 36), (64, 6)], ids=str)
def test_explicit_mesh_axes_get_the_same_draws_in_the_sharding_of_the_input(shape):
    kinds = (jax.sharding.AxisType.Explicit,) * 2
    mesh = jax.make_mesh((4, 2), ("a", "b"), axis_types=kinds)
    ones = jnp.ones(shape)
    expected = np.asarray(drop(KEY, ones))
    with jax.set_mesh(mesh):
        x = jax.device_put(ones, NamedSharding(mesh, SPEC("a", "b")))
        y, pull = jax.jit(lambda x: jax.vjp(functools.partial(drop, KEY), x))(x)
        np.testing.assert_array_equal(jax.device_get(y), expected)
        assert y.sharding.spec == SPEC("a", "b")
        assert pull(x)[0].sharding.spec == SPEC("a", "b")


def test_a_site_hashes_once_for_eight_elements_on_the_cpu():
    text = jax.jit(drop).lower(KEY, X).compile().as_text()
    assert len(re.findall(r"u32\[64,16\].* call\(.*inlineable=\"false\"", text)) == 1
