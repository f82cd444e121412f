"""Token masks: which positions are chosen, and what stands there then."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import keystream as ks

KEY = jax.random.key(5)
TOKENS = jnp.arange(6 * 40).reshape(6, 40) + 1000
BERT = {"mask_token": 103, "replacement": (0.8, 0.1, 0.1), "vocabulary": 500}


def test_each_position_is_chosen_by_the_formula_and_only_chosen_ones_change():
    masked = ks.token_mask(KEY, TOKENS, 0.3, mask_token=103)
    chosen = jax.random.bernoulli(jax.random.split(KEY, 3)[0], 0.3, TOKENS.shape)
    assert (masked.chosen == chosen).all()
    assert (masked.tokens == jnp.where(chosen, 103, TOKENS)).all()


@pytest.mark.parametrize(("rate", "count"), [(0.0, 0), (0.15, 6), (0.3, 12), (0.99, 40), (1.0, 40)])
def test_an_exact_count_is_exact_in_every_row(rate, count):
    masked = ks.token_mask(KEY, TOKENS, rate, exact_count=True)
    assert masked.chosen.sum(axis=-1).tolist() == [count] * 6


def test_an_exact_count_chooses_the_positions_with_the_least_bits():
    bits = np.asarray(jax.random.bits(jax.random.split(KEY, 3)[0], TOKENS.shape, np.uint32))
    masked = ks.token_mask(KEY, TOKENS, 0.25, exact_count=True)
    limit = np.sort(bits, axis=-1)[:, 9:10]
    assert (np.asarray(masked.chosen) == (bits <= limit)).all()


@pytest.mark.parametrize("exact_count", [False, True])
def test_positions_that_are_not_eligible_are_never_chosen(exact_count):
    eligible = jnp.arange(40) < jnp.array([0, 1, 10, 20, 39, 40])[:, None]
    masked = ks.token_mask(KEY, TOKENS, 0.5, eligible=eligible, exact_count=exact_count)
    assert not (masked.chosen & ~eligible).any()
    if exact_count:  # halves go to the even number
        assert masked.chosen.sum(axis=-1).tolist() == [0, 0, 5, 10, 20, 20]


def test_the_rule_of_bert_replaces_by_the_formula():
    masked = ks.token_mask(KEY, TOKENS, 0.5, **BERT)
    keys = jax.random.split(KEY, 3)
    kind = jax.random.uniform(keys[1], TOKENS.shape)
    random = jax.random.randint(keys[2], TOKENS.shape, 0, 500)
    expected = jnp.where(kind < 0.8, 103, jnp.where(kind < 0.9, random, TOKENS))
    assert (masked.tokens == jnp.where(masked.chosen, expected, TOKENS)).all()


def test_the_shares_of_the_rule_of_bert_are_what_they_should_be():
    # Half of 2**18 positions; five standard deviations of a share p of n are 5 sqrt(p (1 - p) / n).
    tokens = jnp.full((64, 4096), 7)
    masked = ks.token_mask(KEY, tokens, 0.5, **(BERT | {"mask_token": 8000}))
    n = int(masked.chosen.sum())
    shares = {0.8: masked.tokens == 8000, 0.1: masked.chosen & (masked.tokens == 7)}
    for share, where in shares.items():
        error = 5 * np.sqrt(share * (1 - share) / n) + (0.1 / 500 if share == 0.1 else 0)
        assert abs(float(where.sum()) / n - share) < error


def test_vectors_are_hidden_whole():
    patches = jnp.ones((2, 10, 3))
    masked = ks.token_mask(
        KEY, patches, 0.4, feature_dims=1, exact_count=True, mask_token=jnp.array([7.0, 8.0, 9.0])
    )
    assert masked.chosen.shape == (2, 10)
    expected = jnp.where(masked.chosen[..., None], jnp.array([7.0, 8.0, 9.0]), patches)
    assert (masked.tokens == expected).all()


def test_it_works_traced_mapped_and_with_a_traced_rate():
    expected = ks.token_mask(KEY, TOKENS, 0.3, **BERT)
    traced = jax.jit(lambda key, tokens, rate: ks.token_mask(key, tokens, rate, **BERT))
    for one, other in zip(traced(KEY, TOKENS, jnp.float32(0.3)), expected, strict=True):
        assert (one == other).all()
    keys = jax.random.split(KEY, 6)
    mapped = jax.vmap(lambda key, row: ks.token_mask(key, row, 0.3, exact_count=True))(keys, TOKENS)
    alone = [ks.token_mask(key, row, 0.3, exact_count=True) for key, row in zip(keys, TOKENS)]  # noqa: B905 - jax arrays
    assert (mapped.chosen == jnp.stack([each.chosen for each in alone])).all()


@pytest.mark.parametrize("below", [1, 2, 500, 2**16, 2**16 + 1, 30522, 2**31 - 1])
def test_random_tokens_are_those_of_randint_for_any_vocabulary(below):
    options = {"replacement": (0.0, 1.0, 0.0), "vocabulary": below}
    masked = ks.token_mask(KEY, TOKENS, 1.0, **options)
    assert (
        masked.tokens == jax.random.randint(jax.random.split(KEY, 3)[2], (6, 40), 0, below)
    ).all()


PARTS = {
    "rows": (TOKENS, BERT, np.s_[2:5]),
    "positions": (TOKENS, BERT, np.s_[:, 7:30]),
    "exact": (TOKENS, BERT | {"exact_count": True}, np.s_[1:3]),
    "vectors": (jnp.ones((6, 10, 8)), {"feature_dims": 1, "mask_token": 0.5}, np.s_[2:4, 3:9, 4:]),
}


@pytest.mark.parametrize("impl", ["threefry2x32", "rbg"])
@pytest.mark.parametrize("x64", [False, True])
@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_masked_as_in_the_whole(name, x64, impl):
    whole, options, where = PARTS[name]
    where = where if isinstance(where, tuple) else (where,)
    begins = [part.indices(size)[0] for part, size in zip(where, whole.shape, strict=False)]
    begins += [0] * (whole.ndim - len(begins))
    with jax.enable_x64(x64):
        key = jax.random.key(5, impl=impl)
        expected = ks.token_mask(key, whole, 0.4, **options)
        window = {"index_offset": begins, "global_shape": whole.shape}
        masked = ks.token_mask(key, whole[where], 0.4, **options, **window)
    assert np.array_equal(masked.tokens, expected.tokens[where])
    assert np.array_equal(masked.chosen, expected.chosen[where[: expected.chosen.ndim]])


def test_a_part_of_a_row_has_no_exact_count():
    window = {"index_offset": (0, 4), "global_shape": (6, 44)}
    assert "40 of 44 positions of a row can't be used" in message(exact_count=True, **window)


def message(**options):
    arguments = {"key": KEY, "tokens": TOKENS, "rate": 0.3} | options
    with pytest.raises(ks.errors.KeystreamError) as caught:
        ks.token_mask(
            arguments.pop("key"), arguments.pop("tokens"), arguments.pop("rate"), **arguments
        )
    return str(caught.value)


def test_the_message_of_what_cannot_be_used():
    assert message(feature_dims=3) == (
        "feature_dims 3 for tokens of shape (6, 40) can't be used\n"
        "  where: keystream.token_mask\n"
        "  why:   positions are chosen along the token axes, and shares of them replaced\n"
        "  fix:   tokens [..., length] with feature_dims=0, or [..., length, features] with 1; a bool"
        " eligible; replacement=(0.8, 0.1, 0.1) with vocabulary=size for integer tokens\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


@pytest.mark.parametrize(
    ("options", "first_line"),
    [
        ({"rate": 2.0}, "rate is 2.0, but must be a number in [0, 1]"),
        ({"eligible": jnp.ones(40)}, "eligible of dtype float32, not bool, can't be used"),
        ({"replacement": (0.5, 0.1, 0.1)}, "replacement (0.5, 0.1, 0.1) can't be used"),
        ({"replacement": (1.1, -0.1, 0.0)}, "replacement (1.1, -0.1, 0.0) can't be used"),
        (
            {"replacement": (0.8, 0.1, 0.1)},
            "vocabulary None is not an integer",
        ),
        (
            {"replacement": (0.8, 0.1, 0.1), "vocabulary": 9.5},
            "vocabulary 9.5 is not an integer",
        ),
        (
            {
                "tokens": jnp.ones((2, 4), jnp.uint8),
                "replacement": (0.8, 0.1, 0.1),
                "vocabulary": 257,
            },
            "vocabulary 257 for random tokens of dtype uint8 can't be used",
        ),
        ({"replacement": None}, "replacement None can't be used"),
        (
            {"eligible": jnp.ones(3, bool)},
            "eligible of shape (3,) for token axes of shape (6, 40) can't be used",
        ),
        (
            {"mask_token": 1.7},
            "mask_token 1.7 for tokens of dtype int32 and shape (6, 40) can't be used",
        ),
        (
            {"tokens": jnp.ones((2, 4), jnp.uint8), "mask_token": 256},
            "mask_token 256 for tokens of dtype uint8 and shape (2, 4) can't be used",
        ),
        (
            {"mask_token": np.arange(3)},
            "mask_token array([0, 1, 2]) for tokens of dtype int32 and shape (6, 40) can't be used",
        ),
        (
            {"tokens": jnp.ones((2, 4)), "replacement": (0.8, 0.1, 0.1), "vocabulary": 9},
            "random tokens for tokens of dtype float32 can't be used",
        ),
        (
            {"tokens": jnp.int32(3), "exact_count": True},
            "feature_dims 0 for tokens of shape () can't be used",
        ),
        ({"key": None}, "NoneType None was given where one key is drawn from"),
    ],
)
def test_what_cannot_be_used_is_refused(options, first_line):
    assert message(**options).splitlines()[0] == first_line


def test_an_exact_count_needs_no_implicit_promotion():
    want = ks.token_mask(KEY, TOKENS, 0.3, exact_count=True)
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        got = ks.token_mask(KEY, TOKENS, jnp.float32(0.3), exact_count=True)
    assert (got.chosen == want.chosen).all()
