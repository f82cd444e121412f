"""The Triton kernels: the plain form's bits in interpret mode, and lowered for a GPU without one."""

import contextlib
import dataclasses
import functools
import re

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

import keystream as ks
from keystream._kernels.dropout import kernel_dropout

KEY = jax.random.key(5)
MODES = [8, None]
TRITON = jax.export.DisabledSafetyCheck.custom_call("__gpu$xla.gpu.triton")
run = functools.partial(kernel_dropout, KEY, interpret=True)


def plain(x, rate, lane_bits):
    return jax.jit(lambda x: ks.dropout(KEY, x, rate, lane_bits=lane_bits))(x)


def names(f, *args):
    return re.findall(r"name=(ks\.\w+\.v1)", str(jax.make_jaxpr(f)(*args)))


def array(shape, dtype="float32"):
    return jnp.asarray(np.random.default_rng(0).normal(size=shape)).astype(dtype)


def assert_same_bits(ours, theirs):
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    assert np.asarray(ours).tobytes() == np.asarray(theirs).tobytes()


@pytest.mark.parametrize("lane_bits", MODES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("shape", [(64, 64), (1024,), (3, 5, 1024), (1, 3072)], ids=str)
def test_a_kernel_has_the_bits_of_the_plain_form(shape, dtype, lane_bits):
    x = array(shape, dtype)
    for rate in (1e-3, 0.1, 0.5, 0.998):
        assert_same_bits(run(x, rate, lane_bits=lane_bits), plain(x, rate, lane_bits))


def test_the_reduced_kernel_has_the_bits_of_the_plain_form_in_float16():
    x = array((64, 64), "float16")
    assert_same_bits(run(x, 0.1, lane_bits=8), plain(x, 0.1, 8))


@pytest.mark.parametrize("lane_bits", MODES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_backward_kernel_has_the_bits_of_the_plain_form(dtype, lane_bits):
    x, g = array((64, 64), dtype), array((64, 64), dtype)[::-1]

    def pulled(drop):
        return jax.jit(lambda x, g: jax.vjp(drop, x)[1](g)[0])(x, g)

    ours = pulled(lambda x: run(x, 0.3, lane_bits=lane_bits))
    assert_same_bits(ours, pulled(lambda x: ks.dropout(KEY, x, 0.3, lane_bits=lane_bits)))


@pytest.mark.parametrize("lane_bits", MODES)
def test_what_is_dropped_is_zero_even_where_it_was_not_finite(lane_bits):
    x = jnp.full((32, 64), jnp.inf)
    assert_same_bits(run(x, 0.5, lane_bits=lane_bits), plain(x, 0.5, lane_bits))
    assert_same_bits(run(-x, 0.5, lane_bits=lane_bits), plain(-x, 0.5, lane_bits))


@pytest.mark.parametrize("rate", [-0.5, 0.0, 0.25, 1.0, 1.5, jnp.nan])
def test_the_reduced_kernel_takes_a_traced_rate(rate):
    x = array((32, 64))
    ours = jax.jit(lambda rate: run(x, rate, lane_bits=8))(rate)
    theirs = jax.jit(lambda rate: ks.dropout(KEY, x, rate, lane_bits=8))(rate)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("lane_bits", MODES)
def test_second_derivatives_and_vmap_go_through_the_kernels(lane_bits):
    x = array((32, 64))

    def twice(drop):
        loss = lambda x: (drop(x) ** 3).sum()  # noqa: E731
        return jax.grad(lambda x: (jax.grad(loss)(x) ** 2).sum())(x)

    np.testing.assert_allclose(
        twice(lambda x: run(x, 0.3, lane_bits=lane_bits)),
        twice(lambda x: ks.dropout(KEY, x, 0.3, lane_bits=lane_bits)),
        rtol=1e-5,
    )
    batch = jnp.stack([x, 2 * x])
    ours = jax.vmap(lambda x: run(x, 0.3, lane_bits=lane_bits))(batch)
    for got, each in zip(ours, batch, strict=True):
        assert_same_bits(got, plain(each, 0.3, lane_bits))


def test_a_kernel_is_one_named_call_each_way():
    x = jnp.ones((32, 64))
    for lane_bits, name in ((8, "ks.dropout8.v1"), (None, "ks.dropout.v1")):
        drop = functools.partial(run, rate=0.3, lane_bits=lane_bits)
        assert names(drop, x) == [name]
    assert names(jax.grad(lambda x: run(x, 0.3, lane_bits=8).sum()), x) == ["ks.dropout8.v1"] * 2
    # With its bits kept the exact mask is not drawn again.
    assert names(jax.grad(lambda x: run(x, 0.3).sum()), x) == ["ks.dropout.v1"]


def test_the_backward_pass_keeps_a_bit_an_element_or_nothing():
    x = jnp.ones((64, 128))
    kept = {}
    for lane_bits in MODES:
        pull = jax.vjp(functools.partial(run, rate=0.3, lane_bits=lane_bits), x)[1]
        kept[lane_bits] = sum(leaf.nbytes for leaf in jax.tree.leaves(pull))
    assert kept[8] <= 64
    assert x.size / 8 <= kept[None] <= x.size / 8 + 64


@pytest.mark.parametrize(
    ("key", "x", "rate", "lane_bits", "name"),
    [
        (KEY, jnp.ones((32, 36)), 0.3, 8, "ks.mask8.v1"),
        (KEY, jnp.ones((10, 100)), 0.3, None, "ks.mask.v1"),
        (KEY, jnp.ones((64, 64), jnp.complex64), 0.3, 8, "ks.mask8.v1"),
        (KEY, jnp.ones((64, 64), jnp.float16), 0.3, None, "ks.mask.v1"),
        (KEY, jnp.ones((64, 64)), jnp.float32(0.3), None, "ks.mask.v1"),
        (jax.random.key(1, impl="rbg"), jnp.ones((64, 64)), 0.3, 8, "ks.mask8.v1"),
    ],
    ids=["odd axis", "odd size", "complex", "float16", "traced rate", "rbg"],
)
def test_what_the_kernels_do_not_serve_goes_to_the_plain_form(key, x, rate, lane_bits, name):
    drop = functools.partial(kernel_dropout, lane_bits=lane_bits, interpret=True)
    assert names(lambda x: drop(key, x, rate), x) == [name]
    np.testing.assert_array_equal(drop(key, x, rate), ks.dropout(key, x, rate, lane_bits=lane_bits))


def test_flags_that_change_the_exact_mask_send_it_to_the_plain_form():
    x = jnp.ones((32, 64))
    drop = functools.partial(run, rate=0.3, lane_bits=None)
    with jax.threefry_partitionable(False):
        assert names(drop, x) == ["ks.mask.v1"]
    with jax.enable_x64(True):
        assert names(drop, x) == ["ks.mask.v1"]
        reduced = functools.partial(run, rate=0.3, lane_bits=8)
        assert names(reduced, x) == ["ks.dropout8.v1"]
        assert_same_bits(reduced(x), plain(x, 0.3, 8))


def test_nothing_is_drawn_at_rate_0_and_1():
    x = array((32, 64))
    for lane_bits in MODES:
        assert_same_bits(run(x, 0.0, lane_bits=lane_bits), x)
        assert_same_bits(run(x, 1.0, lane_bits=lane_bits), jnp.zeros_like(x))


def gpu():
    """What JAX from 0.12 on wants to know of the GPU that it lowers for."""
    fields = [field.name for field in dataclasses.fields(jax.sharding.AbstractDevice)]
    if "platform" not in fields:
        return contextlib.nullcontext()
    device = jax.sharding.AbstractDevice("NVIDIA H200", None, "gpu")
    mesh = jax.sharding.AbstractMesh((), (), abstract_device=device)
    return jax.sharding.use_abstract_mesh(mesh)


@pytest.mark.parametrize("lane_bits", MODES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_kernels_are_lowered_for_cuda_by_triton(dtype, lane_bits):
    def both(words, x):
        key = jax.random.wrap_key_data(words)
        y, pull = jax.vjp(lambda x: kernel_dropout(key, x, 0.1, lane_bits=lane_bits), x)
        return y, pull(y)[0]

    words, x = jnp.zeros(2, jnp.uint32), jnp.ones((64, 128), dtype)
    with gpu():
        exported = jax.export.export(jax.jit(both), platforms=["cuda"], disabled_checks=[TRITON])
        text = exported(words, x).mlir_module()
    assert text.count("__gpu$xla.gpu.triton") == 2
    assert "threefry2x32" not in text


def test_the_plain_form_is_what_is_chosen_on_every_platform():
    x = jnp.ones((64, 128))
    for lane_bits in MODES:
        drop = jax.jit(functools.partial(ks.dropout, rate=0.1, lane_bits=lane_bits))
        exported = jax.export.export(drop, platforms=["cuda"])(KEY, x)
        assert "triton" not in exported.mlir_module()
