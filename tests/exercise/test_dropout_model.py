"""`run_dropout_model` against the same steps written directly in Flax, and what it refuses."""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keystream.dropout_model import DropoutModel, run_dropout_model
from keystream.errors import BadExerciseInputError, RateOutOfRangeError

X = np.array([1.0, 2.0, 3.0, 4.0], np.float32)
LENGTHS = (1, 2, 7, 33)  # few: every new length is compiled anew

PLACE = "run_dropout_model(seed, x, dropout_seed, drop_rate, deterministic)"
CALL = "run_dropout_model(0.0, jnp.array([1.0, 2.0, 3.0, 4.0]), 7.0, 0.5, 0.0)"


class Direct(nn.Module):
    """The exercise's model as its text has it."""

    drop_rate: float

    @nn.compact
    def __call__(self, x, deterministic):
        x = nn.Dense(features=x.shape[-1])(x)
        return nn.Dropout(rate=self.drop_rate, deterministic=deterministic)(x)


def direct(seed, x, dropout_seed, drop_rate, deterministic):
    """The exercise's steps, with nothing around them."""
    model = Direct(drop_rate)
    x = jnp.asarray(x)
    rngs = {
        "params": jax.random.PRNGKey(int(seed)),
        "dropout": jax.random.PRNGKey(int(dropout_seed)),
    }
    variables = model.init(rngs, x, deterministic=False)
    return model.apply(
        variables, x, deterministic=deterministic >= 0.5, rngs={"dropout": rngs["dropout"]}
    )


def assert_same_bits(*inputs):
    ours, theirs = run_dropout_model(*inputs), direct(*inputs)
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    assert np.asarray(ours).tobytes() == np.asarray(theirs).tobytes()


seeds = st.one_of(
    st.floats(-(2.0**62), 2.0**62), st.integers(-(2**63), 2**63 - 1), st.floats(-4.0, 4.0)
)
numbers = st.floats(allow_nan=True, allow_infinity=True, width=32)
vectors = st.sampled_from(LENGTHS).flatmap(lambda n: st.lists(numbers, min_size=n, max_size=n))


@settings(max_examples=100)
@given(seeds, vectors, seeds, st.floats(0.0, 1.0), st.floats(-1e9, 1e9))
@example(-1.9, [2.0], 2.0**32, 0.0, 0.5)
@example(-(2**63), [2.0], 2**63 - 1, 1.0, 0.0)
@example(3, [2.0] * 7, 3, 5e-324, 0.49999999999999994)
def test_the_output_has_the_bits_of_the_steps_written_in_flax(seed, x, ds, rate, flag):
    assert_same_bits(seed, np.array(x, np.float32), ds, rate, flag)


@pytest.mark.parametrize("length", [1024, 4096])
@pytest.mark.parametrize("inputs", [(0.0, 1.0, 0.1, 0.0), (-7.0, 1e12, 0.9, 1.0)])
def test_long_inputs_have_the_same_bits_too(length, inputs):
    seed, dropout_seed, rate, flag = inputs
    x = np.linspace(-3.0, 3.0, length, dtype=np.float32)
    assert_same_bits(seed, x, dropout_seed, rate, flag)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float16", "bfloat16", "complex64"])
def test_the_dtype_of_x_is_kept_as_flax_keeps_it(dtype):
    assert_same_bits(1.0, jnp.asarray([1, 2, 3], dtype=dtype), 2.0, 0.5, 0.0)


def test_x_may_be_a_list_and_scalars_of_numpy_or_jax():
    rate = np.float32(0.3)  # rounds otherwise than 0.3; passed on as it is
    assert_same_bits(np.float64(1.7), [1, 2, 3], jnp.float32(-2.0), rate, np.bool_(False))
    assert_same_bits(True, (1.0, 2.0), np.int64(5), jnp.float32(0.3), False)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.int8])
def test_numpy_integers_that_jax_holds_are_taken(dtype):
    x = np.array([2**31 - 1 if dtype != np.int8 else 127, 1], dtype)
    assert_same_bits(0.0, x, 1.0, 0.5, 1.0)


def test_integers_may_be_traced():
    traced = jax.jit(lambda n: run_dropout_model(0.0, [n, n], 1.0, 0.5, 1.0))(2)
    np.testing.assert_allclose(traced, run_dropout_model(0.0, [2, 2], 1.0, 0.5, 1.0), rtol=1e-6)


def test_with_64_bits_the_output_is_that_of_flax_with_64_bits():
    with jax.enable_x64(True):
        assert run_dropout_model(0.0, [1.0, 2.0], 1.0, 0.5, 0.0).dtype == jnp.float64
        assert_same_bits(2.0**40, np.array([1.0, 2.0]), -3.0, 0.25, 0.0)


def test_x_may_be_traced():
    inputs = (7.0, 0.5, 0.0)
    traced = jax.jit(lambda x: run_dropout_model(0.0, x, *inputs))(X)
    np.testing.assert_allclose(traced, run_dropout_model(0.0, X, *inputs), rtol=1e-6)


def test_the_model_has_no_default_for_the_flag():
    with pytest.raises(TypeError, match="deterministic"):
        DropoutModel(0.5).init({"params": jax.random.key(0), "dropout": jax.random.key(1)}, X)


def test_the_model_takes_a_batch():
    keys = {"params": jax.random.key(0), "dropout": jax.random.key(1)}
    batch = np.ones((5, 3), np.float32)
    ours, variables = DropoutModel(0.5).init_with_output(keys, batch, False)
    theirs, _ = Direct(0.5).init_with_output(keys, batch, False)
    assert variables["params"]["Dense_0"]["kernel"].shape == (3, 3)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("flag", "evaluating"),
    [
        (0.5, True),
        (math.nextafter(0.5, 0.0), False),
        (np.float32(0.5), True),
        (True, True),
        (-3, False),
        (math.inf, True),
        (-math.inf, False),
        (10**400, True),
        (-(10**400), False),
    ],
)
def test_the_flag_means_true_from_one_half_on(flag, evaluating):
    run = run_dropout_model(0.0, X, 7.0, 0.5, flag)
    assert bool(jnp.all(run != 0.0)) is evaluating


def bad_input(what, why, fix):
    return (
        f"{what}\n  where: {PLACE}\n  why:   {why}\n  fix:   {fix}\n"
        "  KS010 bad-exercise-input (keystream rule KS010)"
    )


@pytest.mark.parametrize("name", ["seed", "dropout_seed"])
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (1e20, "1e+20"),
        (2**63, "9223372036854775808"),
        (-(2**63) - 1, "-9223372036854775809"),
        ("7", "'7'"),
        (b"7", "b'7'"),
        (None, "None"),
        ([1.0], "[1.0]"),
        (1j, "1j"),
    ],
)
def test_a_seed_that_makes_no_key_is_refused(name, value, shown):
    inputs = {"seed": 0.0, "dropout_seed": 1.0, name: value}
    with pytest.raises(BadExerciseInputError) as caught:
        run_dropout_model(x=X, drop_rate=0.5, deterministic=0.0, **inputs)
    assert str(caught.value) == bad_input(
        f"{name} is {shown}, but must be a number from -2**63 to 2**63 - 1",
        "it is cast to an integer, and PRNGKey takes one of 64 bits with a sign",
        CALL,
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [(math.nan, "nan"), (np.float32(math.nan), "np.float32(nan)"), ("1", "'1'"), (None, "None")],
)
def test_a_flag_on_neither_side_of_one_half_is_refused(value, shown):
    with pytest.raises(BadExerciseInputError) as caught:
        run_dropout_model(0.0, X, 1.0, 0.5, value)
    assert str(caught.value) == bad_input(
        f"deterministic is {shown}, but must be a number, and not NaN",
        "it means True from 0.5 on, and this is on neither side of 0.5",
        "pass 0.0 to drop values, as in training, or 1.0 to drop none, as in evaluation",
    )


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (-5e-324, "-5e-324"),
        (1.0000000000000002, "1.0000000000000002"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        ("0.5", "'0.5'"),
        (None, "None"),
        (1j, "1j"),
    ],
)
def test_a_rate_that_is_no_probability_is_refused(rate, shown):
    message = (
        f"drop_rate is {shown}, but must be a number in [0, 1]\n"
        "  where: DropoutModel(drop_rate)\n"
        "  why:   it is the probability of dropping a value; Flax computes with any number\n"
        "  fix:   pass a fraction, such as 0.1 to drop one value in ten: DropoutModel(0.1)\n"
        "  KS004 rate-out-of-range (keystream rule KS004)"
    )
    with pytest.raises(RateOutOfRangeError) as caught:
        run_dropout_model(0.0, X, 1.0, rate, 0.0)
    assert str(caught.value) == message
    with pytest.raises(RateOutOfRangeError) as caught:
        DropoutModel(rate).apply({}, X, True)
    assert str(caught.value) == message


WIDTH = "the dense layer is as wide as x is long"


@pytest.mark.parametrize(
    ("x", "what"),
    [
        ([], "x is empty, but must hold at least one number"),
        (3.0, "x has shape (), but must have one axis"),
        (np.ones((2, 3)), "x has shape (2, 3), but must have one axis"),
        (np.ones((0, 3)), "x has shape (0, 3), but must have one axis"),
        ([True, False], "x holds bool values, but must hold numbers"),
        (np.zeros(2, bool), "x holds bool values, but must hold numbers"),
        ([1.0, None], "x is [1.0, None], but must be a vector of numbers"),
        (["x", "y"], "x is ['x', 'y'], but must be a vector of numbers"),
        ("1,2", "x is '1,2', but must be a vector of numbers"),
        ([[1.0], [1.0, 2.0]], "x is [[1.0], [1.0, 2.0]], but must be a vector of numbers"),
        (None, "x is None, but must be a vector of numbers"),
        ({}, "x is {}, but must be a vector of numbers"),
        (
            np.array([1, "a"], object),
            "x is array([1, 'a'], dtype=object), but must be a vector of numbers",
        ),
        (
            np.array(["2020-01-01"], "M8[D]"),
            "x is array(['2020-...atetime64[D]'), but must be a vector of numbers",
        ),
    ],
)
def test_x_that_is_no_vector_of_numbers_is_refused(x, what):
    with pytest.raises(BadExerciseInputError) as caught:
        run_dropout_model(0.0, x, 1.0, 0.5, 0.0)
    assert str(caught.value) == bad_input(what, WIDTH, CALL)


def test_keys_are_no_numbers():
    with pytest.raises(BadExerciseInputError, match=r"^x holds key<fry> values, but must hold"):
        run_dropout_model(0.0, jax.random.split(jax.random.key(0)), 1.0, 0.5, 0.0)


@pytest.mark.parametrize(
    ("x", "shown"),
    [
        ([2**80], "[1208925819614629174706176]"),
        (np.array([2**31]), "array([2147483648])"),  # JAX alone would wrap it
        (np.array([-(2**31) - 1]), "array([-2147483649])"),
    ],
)
def test_integers_beyond_those_of_jax_are_refused(x, shown):
    with pytest.raises(BadExerciseInputError) as caught:
        run_dropout_model(0.0, x, 1.0, 0.5, 0.0)
    assert str(caught.value) == bad_input(
        f"x is {shown}, which is beyond the range of JAX's integers",
        "wrapping it would compute with another number",
        "pass floating-point numbers: jnp.array([1e20])",
    )
