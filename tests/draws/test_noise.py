"""Gaussian noise against ``jax.random.normal`` itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import keystream as ks

KEY = jax.random.key(5)


def array(shape=(13, 7), dtype=jnp.float32):
    return jnp.asarray(np.random.default_rng(0).normal(size=shape)).astype(dtype)


@pytest.mark.parametrize("impl", ["threefry2x32", "rbg"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "complex64"])
def test_the_numbers_are_those_of_jax(impl, dtype):
    key, zeros = jax.random.key(5, impl=impl), jnp.zeros((33, 65), dtype)
    assert (ks.gaussian_noise(key, zeros, 1.0) == jax.random.normal(key, zeros.shape, dtype)).all()


def test_noise_is_added_or_multiplied():
    x = array()
    normal = jax.random.normal(KEY, x.shape)
    assert (ks.gaussian_noise(KEY, x, 0.3) == x + 0.3 * normal).all()
    assert (ks.gaussian_noise(KEY, x, 0.3, multiplicative=True) == x * (1 + 0.3 * normal)).all()


def test_compiled_noise_is_that_of_jax_up_to_rounding():
    x = array()
    for drawn, written in (
        (ks.gaussian_noise, lambda key, x, s: x + s * jax.random.normal(key, x.shape)),
        (
            lambda key, x, s: ks.gaussian_noise(key, x, s, multiplicative=True),
            lambda key, x, s: x * (1 + s * jax.random.normal(key, x.shape)),
        ),
    ):
        ours, theirs = (jax.jit(f, static_argnums=2)(KEY, x, 0.3) for f in (drawn, written))
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)


def test_noise_of_scale_0_is_none_and_draws_nothing():
    x = array()
    assert ks.gaussian_noise(KEY, x, 0.0) is x


@pytest.mark.parametrize("multiplicative", [False, True])
@pytest.mark.parametrize("scale", [0.3, jnp.float32(0.3)], ids=["known", "traced"])
def test_derivatives_are_those_of_the_formula(multiplicative, scale):
    x = array()

    def ours(x, scale):
        return ks.gaussian_noise(KEY, x, scale, multiplicative=multiplicative)

    def theirs(x, scale):
        noise = scale * jax.random.normal(KEY, x.shape)
        return x * (1 + noise) if multiplicative else x + noise

    def derivatives(f):
        def loss(x):
            return (f(x, scale) ** 3).sum()

        results = [jax.grad(loss)(x), jax.jvp(loss, (x,), (x,))[1], jax.hessian(loss)(x[0, :3])]
        results.append(jax.vmap(jax.grad(loss))(x))
        if isinstance(scale, jax.Array):
            results.append(jax.grad(lambda s: (f(x, s) ** 3).sum())(scale))
            results.append(jax.grad(jax.grad(lambda s: (f(x, s) ** 3).sum()))(scale))
        return results

    for one, other in zip(derivatives(ours), derivatives(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-5)


def test_broadcast_axes_share_noise():
    noise = ks.gaussian_noise(KEY, jnp.zeros((4, 5)), 1.0, broadcast_dims=(0,))
    assert (noise == jax.random.normal(KEY, (1, 5))).all()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("traced", [False, True])
def test_a_part_draws_its_part_of_the_whole(dtype, traced):
    whole = ks.gaussian_noise(KEY, jnp.zeros((8, 6), dtype), 1.0)
    offset = (jnp.int32(3), 2) if traced else (3, 2)
    window = {"index_offset": offset, "global_shape": (8, 6)}
    part = ks.gaussian_noise(KEY, jnp.zeros((4, 3), dtype), 1.0, **window)
    assert (part == whole[3:7, 2:5]).all()


def message(call):
    with pytest.raises(ks.errors.KeystreamError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("scale", "shown"),
    [
        (-0.1, "-0.1"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        ("1", "'1'"),
        (jnp.ones(2), "an array of shape (2,) and dtype float32"),
    ],
)
def test_a_scale_that_is_none_is_refused(scale, shown):
    assert message(lambda: ks.gaussian_noise(KEY, array(), scale)) == (
        f"scale is {shown}, but must be a finite number, at least 0\n"
        "  where: keystream.gaussian_noise\n"
        "  why:   it is the standard deviation of the noise\n"
        "  fix:   pass such as 0.1\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_integers_are_refused():
    what = message(lambda: ks.gaussian_noise(KEY, jnp.arange(3), 0.1)).splitlines()[0]
    assert what == "x holds int32 values, but must hold floating-point or complex numbers"
