"""Exact dropout against Flax and Equinox themselves: the same bits, whatever the program around it."""

import itertools
import subprocess
import sys

import equinox as eqx
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from flax import nnx

import keystream as ks

KEY = jax.random.key(5)
RATES = (0.0, 2.0**-26, 1e-3, 0.1, 0.5, 0.998, 1 - 2.0**-26, 1.0)
SHAPES = ((), (1,), (7,), (0,), (3, 5), (2, 0, 3), (5, 3, 7), (2, 3, 4, 5), (2, 1, 3, 2, 3))


def flax(key, x, rate, dims=()):
    layer = nn.Dropout(rate, broadcast_dims=dims, deterministic=False)
    return layer.apply({}, x, rng=key)


def array(shape, dtype=jnp.float32):
    return jnp.asarray(np.random.default_rng(0).normal(size=shape)).astype(dtype)


def assert_same_bits(ours, theirs):
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    assert np.asarray(ours).tobytes() == np.asarray(theirs).tobytes()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_eager_bits_are_flaxs_for_every_rate(shape):
    x = array(shape)
    for rate in RATES:
        assert_same_bits(ks.dropout(KEY, x, rate), flax(KEY, x, rate))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "complex64"])
def test_eager_bits_are_flaxs_for_every_dtype(dtype):
    x = array((5, 33), dtype)
    for rate in RATES:
        assert_same_bits(ks.dropout(KEY, x, rate), flax(KEY, x, rate))


@pytest.mark.parametrize(
    "impl", ["threefry2x32", "rbg", "unsafe_rbg", "threefry4x32", "philox2x32"]
)
def test_bits_are_flaxs_for_every_key_implementation(impl):
    try:
        key = jax.random.key(3, impl=impl)
    except (ValueError, KeyError):
        pytest.skip(f"this JAX has no {impl}")
    x = array((5, 33))
    assert_same_bits(ks.dropout(key, x, 0.3), flax(key, x, 0.3))


@pytest.mark.parametrize(
    ("shape", "dims"), [((6, 5), (0,)), ((4, 3, 5), (1,)), ((4, 3, 5), (0, -1))]
)
def test_broadcast_axes_share_draws_as_in_flax(shape, dims):
    x = array(shape)
    assert_same_bits(ks.dropout(KEY, x, 0.4, broadcast_dims=dims), flax(KEY, x, 0.4, dims))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("rate", [1e-3, 0.1, 0.5, 0.9])
def test_compiled_bits_are_those_of_compiled_flax_forward_and_backward(dtype, rate):
    x = array((37, 29), dtype)

    def both(drop):
        def run(key, x):
            y, pull = jax.vjp(lambda x: drop(key, x, rate), x)
            return y, pull(x)[0]

        return jax.jit(run)(KEY, x)

    for ours, theirs in zip(both(ks.dropout), both(flax), strict=True):
        assert_same_bits(ours, theirs)


def test_legacy_keys_are_those_of_the_typed_ones():
    x = array((4, 9))
    legacy = jax.random.PRNGKey(5)
    assert_same_bits(ks.dropout(legacy, x, 0.3), flax(legacy, x, 0.3))
    assert_same_bits(ks.dropout(legacy, x, 0.3), ks.dropout(KEY, x, 0.3))


def test_bits_follow_the_flag_for_partitionable_threefry():
    x = array((9, 11))
    with jax.threefry_partitionable(False):
        other = ks.dropout(KEY, x, 0.3)
        assert_same_bits(other, flax(KEY, x, 0.3))
    assert (other != ks.dropout(KEY, x, 0.3)).any()


def test_bits_with_64_bit_numbers_are_flaxs():
    code = (
        "import jax, jax.numpy as jnp, numpy as np, flax.linen as nn, equinox as eqx\n"
        "import keystream as ks\n"
        "key = jax.random.key(5)\n"
        "for dtype in ('float64', 'float32', 'complex128', 'bfloat16'):\n"
        "    x = jnp.asarray(np.random.default_rng(0).normal(size=(7, 33))).astype(dtype)\n"
        "    for rate in (2.0**-60, 1e-3, 0.1, 0.5, 0.998, 1 - 2.0**-53):\n"
        "        theirs = nn.Dropout(rate, deterministic=False).apply({}, x, rng=key)\n"
        "        ours = ks.dropout(key, x, rate)\n"
        "        assert ours.dtype == theirs.dtype\n"
        "        assert np.asarray(ours).tobytes() == np.asarray(theirs).tobytes(), (dtype, rate)\n"
        "    if dtype in ('float64', 'float32'):\n"
        "        rate = jnp.asarray(0.3, dtype)\n"
        "        assert (eqx.nn.Dropout(rate)(x, key=key) == ks.dropout(key, x, rate)).all()\n"
    )
    environment = {"JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_traced_rate_gives_the_bits_of_equinox_with_a_traced_rate():
    x = array((13, 7))
    for rate in (0.0, 1e-3, 0.3, 0.998, 1.0):
        traced = jnp.float32(rate)
        assert_same_bits(ks.dropout(KEY, x, traced), eqx.nn.Dropout(traced)(x, key=KEY))


def test_a_traced_rate_out_of_range_does_what_is_documented():
    x = array((13, 7))
    scaled = ks.dropout(KEY, x, jnp.float32(-0.5))
    np.testing.assert_allclose(scaled, x / 1.5, rtol=1e-6)
    assert not ks.dropout(KEY, x, jnp.float32(1.5)).any()
    assert jnp.isnan(ks.dropout(KEY, x, jnp.float32(jnp.nan))).all()


def test_no_gradient_flows_to_a_traced_rate_and_none_is_nan_at_rate_1():
    x = array((13, 7))

    def loss(x, rate):
        return ks.dropout(KEY, x, rate).sum()

    to_x, to_rate = jax.grad(loss, (0, 1))(x, jnp.float32(1.0))
    assert not to_x.any()
    assert to_rate == 0.0
    assert not jax.grad(loss)(x, 1.0).any()


def test_one_program_serves_every_traced_rate():
    compiled = jax.jit(ks.dropout)
    x = array((13, 7))
    for rate in (0.1, 0.2, 0.7):
        compiled(KEY, x, jnp.float32(rate))
    assert compiled._cache_size() == 1


TRANSFORMS = {
    "vmap over keys": lambda drop: jax.vmap(drop)(jax.random.split(KEY, 4), array((4, 6, 5))),
    "vmap over inputs": lambda drop: jax.vmap(drop, (None, 0))(KEY, array((4, 6, 5))),
    "vmap of grad": lambda drop: jax.vmap(jax.grad(lambda x, key: (drop(key, x) ** 2).sum()))(
        array((4, 6)), jax.random.split(KEY, 4)
    ),
    "jvp": lambda drop: jax.jvp(lambda x: drop(KEY, x), (array((6, 5)),), (array((6, 5)) + 1,))[1],
    "linearize": lambda drop: jax.linearize(lambda x: drop(KEY, x), array((6, 5)))[1](
        array((6, 5)) + 1
    ),
    "hessian": lambda drop: jax.hessian(lambda x: (drop(KEY, x) ** 3).sum())(array((5,))),
    "reverse over forward": lambda drop: jax.grad(
        lambda x: jax.jvp(lambda x: drop(KEY, x) ** 2, (x,), (x,))[1].sum()
    )(array((6, 5))),
    "remat": lambda drop: jax.grad(jax.checkpoint(lambda x: (drop(KEY, x) ** 2).sum()))(
        array((6, 5))
    ),
    "scan": lambda drop: jax.lax.scan(
        lambda x, key: (drop(key, x), x.sum()), array((6, 5)), jax.random.split(KEY, 3)
    )[0],
    "grad of scan": lambda drop: jax.grad(
        lambda x: jax.lax.scan(
            lambda x, key: (drop(key, x) ** 2, None), x, jax.random.split(KEY, 3)
        )[0].sum()
    )(array((6, 5))),
    "scan of remat": lambda drop: jax.grad(
        lambda x: jax.lax.scan(
            jax.checkpoint(lambda x, key: (drop(key, x) ** 2, None)), x, jax.random.split(KEY, 3)
        )[0].sum()
    )(array((6, 5))),
}


@pytest.mark.parametrize("regenerate", [False, True])
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_every_transformation_gives_what_it_gives_of_flax(transform, regenerate):
    ours = TRANSFORMS[transform](lambda key, x: ks.dropout(key, x, 0.4, regenerate=regenerate))
    theirs = TRANSFORMS[transform](lambda key, x: flax(key, x, 0.4))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert ((ours == 0) == (theirs == 0)).all()


@pytest.mark.parametrize("traced", [False, True])
def test_a_part_draws_its_part_of_the_whole(traced):
    whole = ks.dropout(KEY, jnp.ones((6, 5, 8)), 0.4)
    for offset, shape in (((2, 0, 3), (4, 5, 4)), ((0, 4, 7), (6, 1, 1)), ((5, 1, 0), (1, 2, 8))):
        where = [jnp.int32(place) for place in offset] if traced else offset
        part = ks.dropout(KEY, jnp.ones(shape), 0.4, index_offset=where, global_shape=(6, 5, 8))
        cut = tuple(slice(start, start + size) for start, size in zip(offset, shape, strict=True))
        assert_same_bits(part, whole[cut])


@pytest.mark.parametrize("impl", ["rbg", "threefry2x32"])
def test_a_part_is_of_the_whole_also_where_jax_draws(impl):
    key = jax.random.key(1, impl=impl)
    with jax.threefry_partitionable(False):
        whole = ks.dropout(key, jnp.ones((6, 8)), 0.4)
        part = ks.dropout(key, jnp.ones((2, 8)), 0.4, index_offset=(3, 0), global_shape=(6, 8))
        assert_same_bits(part, whole[3:5])


def test_a_part_keeps_what_broadcast_axes_share():
    whole = ks.dropout(KEY, jnp.ones((6, 8)), 0.4, broadcast_dims=(1,))
    window = {"index_offset": (3, 4), "global_shape": (6, 8)}
    assert_same_bits(
        ks.dropout(KEY, jnp.ones((2, 4)), 0.4, broadcast_dims=(1,), **window), whole[3:5, 4:]
    )


def test_elements_beyond_two_to_the_32_are_drawn_from_their_64_bit_index():
    shape, offset = (3, 2**20, 2**13 - 1), (2, 2**20 - 2, 2**13 - 4)
    part = ks.dropout(KEY, jnp.ones((1, 2, 3)), 0.5, index_offset=offset, global_shape=shape)
    root = np.asarray(jax.random.key_data(KEY)).tolist()
    for place in itertools.product(range(1), range(2), range(3)):
        index = 0
        for axis, size in enumerate(shape):
            index = index * size + offset[axis] + place[axis]
        assert index > 2**33
        high, low = reference.threefry(root, divmod(index, 2**32))
        assert (part[place] != 0) == ((high ^ low) >> 9 < 2**22)


def test_arrays_just_below_and_at_two_to_the_32_agree_where_they_overlap():
    window = {"index_offset": (2**16 - 1, 0)}
    below = ks.dropout(KEY, jnp.ones((1, 64)), 0.5, **window, global_shape=(2**16, 2**16))
    above = ks.dropout(KEY, jnp.ones((1, 64)), 0.5, **window, global_shape=(2**17, 2**16))
    assert_same_bits(below, above)


def test_layers_of_the_three_frameworks_give_the_bits_of_the_function():
    x = array((6, 5))
    expected = ks.dropout(KEY, x, 0.3)
    assert_same_bits(nnx.Dropout(0.3)(x, rngs=KEY), expected)
    assert_same_bits(eqx.nn.Dropout(0.3)(x, key=KEY), expected)
    assert_same_bits(ks.nnx.Dropout(0.3)(x, rngs=KEY), expected)
    assert_same_bits(ks.equinox.Dropout(0.3)(x, key=KEY), expected)
    assert_same_bits(ks.linen.Dropout(0.3, deterministic=False).apply({}, x, rng=KEY), expected)


def test_the_share_that_is_dropped_is_the_rate():
    # 2**20 Bernoulli trials: five standard deviations of sqrt(p (1 - p) / n), at most 0.00244.
    n = 2**20
    for rate in (1e-3, 0.1, 0.5, 0.998):
        share = 1 - float((ks.dropout(KEY, jnp.ones(n), rate) != 0).mean())
        assert abs(share - rate) < 5 * np.sqrt(rate * (1 - rate) / n)


def message(call):
    with pytest.raises(ks.errors.KeystreamError) as caught:
        call()
    return str(caught.value)


RANGE = (
    "  where: keystream.dropout\n"
    "  why:   it is the probability of dropping a value; Flax and Equinox compute with any number\n"
    "  fix:   pass a fraction, such as 0.1 to drop one value in ten\n"
    "  KS004 rate-out-of-range (keystream rule KS004)"
)


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (-0.1, "-0.1"),
        (1.5, "1.5"),
        (float("nan"), "nan"),
        ("0.5", "'0.5'"),
        (None, "None"),
        (jnp.ones(3), "an array of shape (3,) and dtype float32"),
        (jnp.int32(1), "an array of shape () and dtype int32"),
    ],
)
def test_a_rate_that_is_none_is_refused(rate, shown):
    what = message(lambda: ks.dropout(KEY, jnp.ones(3), rate))
    assert what == f"rate is {shown}, but must be a number in [0, 1]\n{RANGE}"


def test_integers_are_refused():
    assert message(lambda: ks.dropout(KEY, jnp.arange(3), 0.5)) == (
        "x holds int32 values, but must hold floating-point or complex numbers\n"
        "  where: keystream.dropout\n"
        "  why:   the result is scaled by a fraction, which such values can't hold\n"
        "  fix:   convert it: x.astype('float32')\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


@pytest.mark.parametrize("x", [None, "x", {"x": 1.0}])
def test_what_is_no_array_is_refused(x):
    what = message(lambda: ks.dropout(KEY, x, 0.5)).splitlines()[0]
    kind = type(x).__name__
    assert what == f"x is of type {kind}, but must hold floating-point or complex numbers"


def test_an_axis_beyond_32_bits_is_refused_since_its_places_would_begin_again():
    long = jax.ShapeDtypeStruct((2**33,), jnp.float32)
    assert message(lambda: jax.eval_shape(lambda x: ks.dropout(KEY, x, 0.5), long)) == (
        "an axis of size 8589934592 is longer than 2**32\n"
        "  where: keystream.dropout\n"
        "  why:   places along an axis are 32-bit integers; arrays may have up to 2**64 elements\n"
        "  fix:   make two axes of it: x.reshape(-1, 2**20), and the result as it was\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (jax.random.split(KEY, 3), "an array of keys, of shape (3,)"),
        (jnp.zeros((3, 2), jnp.uint32), "an array of legacy keys, of shape (3,)"),
        (None, "NoneType None"),
        (0, "int 0"),
        ({"dropout": KEY}, "dict {'dropout': Array((), dtype=key<fry>) overlaying: [0 5]}"),
    ],
)
def test_what_is_not_one_key_is_refused(key, shown):
    assert message(lambda: ks.dropout(key, jnp.ones(3), 0.5)) == (
        f"{shown} was given where one key is drawn from\n"
        "  where: keystream.dropout\n"
        "  why:   a draw is a function of one key\n"
        "  fix:   pass streams.key(name, step), or map over several:"
        " jax.vmap(draw)(streams.keys(...), x)\n"
        "  KS006 unsupported-key (keystream rule KS006)"
    )


@pytest.mark.parametrize(
    ("options", "first_line"),
    [
        ({"broadcast_dims": (2,)}, "axis 2 of broadcast_dims is outside [-2, 2)"),
        ({"broadcast_dims": (0.5,)}, "an axis of broadcast_dims 0.5 is not an integer"),
        ({"index_offset": (0, 0)}, "global_shape is missing"),
        ({"global_shape": (4, 4)}, "index_offset is missing"),
        (
            {"index_offset": (0,), "global_shape": (4, 4)},
            "index_offset has 1 and global_shape 2 entries for an array of shape (2, 3)",
        ),
        (
            {"index_offset": (3, 0), "global_shape": (4, 3)},
            "a part of size 2 at offset 3 does not lie in a whole of size 4",
        ),
        (
            {"index_offset": (-1, 0), "global_shape": (4, 3)},
            "a part of size 2 at offset -1 does not lie in a whole of size 4",
        ),
        ({"index_offset": (1.5, 0), "global_shape": (4, 3)}, "an offset 1.5 is not an integer"),
        ({"broadcast_dims": 1}, "broadcast_dims is 1, not a sequence"),
        ({"index_offset": 0, "global_shape": (4, 3)}, "index_offset is 0, not a sequence"),
        (
            {"index_offset": (2**33, 0), "global_shape": (2**34, 3)},
            "an axis of size 17179869184 is longer than 2**32",
        ),
    ],
)
def test_a_window_that_does_not_fit_is_refused(options, first_line):
    text = message(lambda: ks.dropout(KEY, jnp.ones((2, 3)), 0.5, **options))
    assert text.splitlines()[0] == first_line
    assert "KS002 value-out-of-range" in text
