"""What an eager draw draws is known, as that of a compiled one is."""

import jax
import jax.numpy as jnp
import pytest

import keystream as ks

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    ("draw", "shape", "dtype"),
    [
        (lambda: jax.random.normal(KEY, (4, 2)), [4, 2], "float32"),
        (lambda: jax.random.normal(KEY), [], "float32"),
        (lambda: jax.random.bernoulli(KEY, 0.5, (3,)), [3], "bool"),
        (lambda: jax.random.permutation(KEY, 5), [5], "int32"),
        (lambda: jax.random.permutation(KEY, jnp.zeros((6, 7))), [6], "int32"),
        (lambda: jax.random.categorical(KEY, jnp.zeros((3, 6))), [3], "float32"),
        (lambda: jax.random.choice(KEY, 9, (2,)), [2], "int32"),
        (lambda: jax.random.bits(KEY, (7,)), [7], "uint32"),
    ],
)
def test_an_eager_draw_has_its_shape(draw, shape, dtype):
    with ks.audit() as audit:
        draw()
    assert audit.report is not None
    (row,) = audit.report.draws
    assert (row["shape"], row["dtype"]) == (shape, dtype)
