"""The reduced-bit mask: its formula, its exact rate, and how independent its elements are."""

import itertools
import math
import random
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference

import keystream as ks
from keystream._draws.lanes import Lanes, lanes_of
from keystream._draws.window import Window
from keystream.errors import ValueOutOfRangeError

KEY = jax.random.key(5)
WORDS = (0, 5)  # of KEY
M32 = 2**32 - 1
drop = partial(ks.dropout, lane_bits=8)


# The formula again, in Python integers, from the words of the docstring alone.


def rotate(word, distance):
    return ((word << distance) | (word >> (32 - distance))) & M32


def lane_word(x0, x1, lane):
    u = x0 ^ rotate(x1, 28)
    g = u ^ rotate(u, 15) ^ (u >> 2)
    own = x0 if lane < 4 else x1
    return rotate(own, 8 * (lane % 4)) ^ (rotate(g, (4 + 25 * lane) % 32) & 0x00FFFFFF)


def expected_mask(words, shape, keep, *, offset=None, global_shape=None):
    whole = global_shape or shape or (1,)
    blocks = -(-whole[-1] // 8)
    mask, last = np.zeros(shape or (1,), bool), math.ceil(keep * 2**32) - 1
    for place in np.ndindex(*mask.shape):
        *rows, column = (i + o for i, o in zip(place, offset or (0,) * len(place), strict=True))
        row = 0
        for index, size in zip(rows, whole[:-1], strict=True):
            row = row * size + index
        block = 2**63 + row * blocks + column // 8
        hashed = reference.threefry(words, (block >> 32, block & M32))
        mask[place] = lane_word(*hashed, column % 8) <= last
    return mask.reshape(shape)


def mask_of(y):
    return np.asarray(y) != 0


def test_mask_is_the_formula_for_every_shape():
    for shape in ((), (1,), (7,), (8,), (3, 16), (3, 5), (2, 0, 3), (5, 0), (2, 3, 17), (4, 3, 1)):
        for rate in (0.1, 0.5, 0.998):
            y = drop(KEY, jnp.ones(shape), rate)
            np.testing.assert_array_equal(mask_of(y), expected_mask(WORDS, shape, 1.0 - rate))


def test_mask_of_layout_1_is_frozen():
    # Made by the formula above when the layout was fixed; never to change.
    frozen = {
        0.5: "cfdbc6b54dab977944e5f904fcea5ae8a48108a0",
        0.1: "ffffe7ffeffff7f9f7ffffeffeebfbfffffbcfef",
        0.9: "840080a04002040040805000c420000000000000",
    }
    for rate, bits in frozen.items():
        mask = mask_of(drop(jax.random.key(2026), jnp.ones((4, 40)), rate))
        assert np.packbits(mask).tobytes().hex() == bits


@pytest.mark.parametrize("dims", [(0,), (1,), (-1,), (0, 2)], ids=str)
def test_broadcast_axes_share_draws(dims):
    shape = (4, 3, 11)
    drawn = tuple(1 if axis in {d % 3 for d in dims} else n for axis, n in enumerate(shape))
    mask = mask_of(drop(KEY, jnp.ones(shape), 0.4, broadcast_dims=dims))
    expected = np.broadcast_to(expected_mask(WORDS, drawn, 0.6), shape)
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize("traced", [False, True], ids=["python offset", "traced offset"])
@pytest.mark.parametrize("shape", [(2, 13), (3, 8), (1, 1), (4, 40)], ids=str)
def test_a_part_has_its_part_of_the_global_mask_wherever_it_begins(shape, traced):
    whole = mask_of(drop(KEY, jnp.ones((4, 40)), 0.4))
    part = partial(drop, KEY, jnp.ones(shape), 0.4, global_shape=(4, 40))
    compiled = jax.jit(lambda row, column: part(index_offset=(row, column)))
    for row, column in itertools.product((0, 4 - shape[0]), (0, 1, 7, 8, 11, 27)):
        if column + shape[1] > 40:
            continue
        y = compiled(row, column) if traced else part(index_offset=(row, column))
        expected = whole[row : row + shape[0], column : column + shape[1]]
        np.testing.assert_array_equal(mask_of(y), expected)


def test_a_part_of_more_than_two_to_the_35_elements_uses_the_high_word():
    shape, whole = (2, 11), (2**20, 2**21 + 3)
    offset = (2**20 - 2, 2**21 - 9)
    y = drop(KEY, jnp.ones(shape), 0.4, index_offset=offset, global_shape=whole)
    expected = expected_mask(WORDS, shape, 0.6, offset=offset, global_shape=whole)
    np.testing.assert_array_equal(mask_of(y), expected)


@pytest.mark.parametrize("impl", ["rbg", "unsafe_rbg", "threefry4x32", "philox2x32"])
def test_other_keys_hash_blocks_with_jaxs_bits(impl):
    try:
        key = jax.random.key(3, impl=impl)
    except (ValueError, KeyError):
        pytest.skip(f"this JAX has no {impl}")
    shape = (3, 21)
    bits = np.asarray(jax.random.bits(key, (3, 3, 2), jnp.uint32)).astype(object)
    words = [[lane_word(*bits[row, c // 8], c % 8) for c in range(21)] for row in range(3)]
    expected = np.array(words) <= math.ceil(0.7 * 2**32) - 1
    np.testing.assert_array_equal(mask_of(drop(key, jnp.ones(shape), 1 - 0.7)), expected)
    part = drop(key, jnp.ones((2, 9)), 1 - 0.7, index_offset=(1, 12), global_shape=shape)
    np.testing.assert_array_equal(mask_of(part), expected[1:, 12:])


def test_neither_x64_nor_partitionable_threefry_changes_the_mask():
    expected = mask_of(drop(KEY, jnp.ones((5, 21)), 0.3))
    with jax.enable_x64(True):
        np.testing.assert_array_equal(mask_of(drop(KEY, jnp.ones((5, 21)), 0.3)), expected)
        wide = jnp.float64(0.3)
        np.testing.assert_array_equal(mask_of(drop(KEY, jnp.ones((5, 21)), wide)), expected)
    with jax.threefry_partitionable(False):
        np.testing.assert_array_equal(mask_of(drop(KEY, jnp.ones((5, 21)), 0.3)), expected)


# The rate.

RATES = (
    2.0**-24,
    1e-6,
    1e-3,
    2e-3,
    0.1,
    1 / 3,
    0.5,
    0.7,
    0.9,
    0.998,
    0.999,
    1 - 1e-6,
    1 - 2.0**-24,
)


def lane_matrix(lane):
    """The map from the 64 hashed bits to a lane's word: a row of 64 bits for each bit, top first."""
    columns = [lane_word(*divmod(1 << bit, 2**32), lane) for bit in range(64)]
    return [sum((c >> (31 - k) & 1) << bit for bit, c in enumerate(columns)) for k in range(32)]


def absorb(basis, row):
    """Add a row to an echelon basis; False where it depends on the rows there."""
    while row:
        top = row.bit_length()
        if top not in basis:
            basis[top] = row
            return True
        row ^= basis[top]
    return False


def rank(rows):
    basis = {}
    return sum(absorb(basis, row) for row in rows)


MATRICES = [lane_matrix(lane) for lane in range(8)]


def test_lane_words_are_linear_in_the_hashed_bits():
    generator = random.Random(0)
    for _ in range(200):
        a, b = generator.getrandbits(64), generator.getrandbits(64)
        for lane in range(8):
            apart = lane_word(*divmod(a, 2**32), lane) ^ lane_word(*divmod(b, 2**32), lane)
            assert lane_word(*divmod(a ^ b, 2**32), lane) == apart


def test_the_keep_probability_is_exact_at_every_rate():
    # A word of rank 32 takes each of its 2**32 values equally often, so that the probability of
    # keeping is (limit + 1) / 2**32, exactly.
    assert [rank(matrix) for matrix in MATRICES] == [32] * 8
    draw = Lanes(Window((8,), (8,)), "threefry2x32", True)
    for rate in RATES:
        for keep in (1.0 - rate, jnp.float32(1) - jnp.float32(rate)):
            last, some = (int(word) for word in draw.limit(keep))
            assert some == 1
            assert abs((last + 1) / 2**32 - (1.0 - rate)) <= 2.0**-24
    assert abs((int(draw.limit(0.998)[0]) + 1) / 2**32 - 0.998) <= 2.0**-32


def test_a_traced_rate_out_of_range_keeps_all_or_none_and_nan_shows():
    x = jnp.full((3, 11), 2.0)
    compiled = jax.jit(lambda rate: drop(KEY, x, rate))
    np.testing.assert_array_equal(compiled(-1.0), jnp.full_like(x, 1.0))
    np.testing.assert_array_equal(compiled(0.0), x)
    np.testing.assert_array_equal(compiled(1.0), jnp.zeros_like(x))
    np.testing.assert_array_equal(compiled(1.5), jnp.zeros_like(x))
    assert np.isnan(compiled(jnp.nan)).all()


@pytest.mark.parametrize("rate", [1e-3, 2e-3, 0.1, 0.5, 0.998])
def test_the_share_of_dropped_elements_is_the_rate(rate):
    # Binomial: the share is within 5 standard deviations but for a probability below 6e-7.
    mask = mask_of(drop(KEY, jnp.ones((2048, 2048)), rate))
    deviation = math.sqrt(rate * (1 - rate) / mask.size)
    assert abs((~mask).mean() - rate) < 5 * deviation


# Independence within a block: by rank, then by counting.


def test_the_top_bytes_of_a_block_are_jointly_independent():
    assert rank([row for matrix in MATRICES for row in matrix[:8]]) == 64


def test_any_two_elements_of_a_block_are_independent_to_24_bits():
    for one, other in itertools.combinations(MATRICES, 2):
        assert rank(one[:24] + other[:24]) == 48


def weight_of_dependence(generator):
    basis, weight = {}, 1.0
    for matrix in MATRICES:
        for row in matrix:
            if not absorb(basis, row):
                return weight
            go_on = generator.random() < 0.75
            weight *= 0.5 / (0.75 if go_on else 0.25)
            if not go_on:
                break
    return 0.0


def test_all_eight_elements_are_as_close_to_independent_as_is_claimed():
    # Each comparison reads bits from the top, and goes on with probability 1/2. Here it goes on with
    # probability 3/4, so that dependence is met often enough to be counted, and every way there is
    # weighted by how much rarer it truly is. The claim is 2.7e-6.
    generator, runs = random.Random(0), 4000
    total = sum(weight_of_dependence(generator) for _ in range(runs))
    assert 1e-6 < total / runs < 4e-6


def chi_square_bound(degrees, chance=1e-7):
    """What a chi-square of so many degrees exceeds with less than this chance: Laurent and Massart,
    "Adaptive estimation of a quadratic functional" (2000), lemma 1."""
    t = -math.log(chance)
    return degrees + 2 * math.sqrt(degrees * t) + 2 * t


def chi_square(counts, probabilities):
    expected = counts.sum() * probabilities
    assert expected.min() >= 10
    return float(((counts - expected) ** 2 / expected).sum())


@pytest.mark.parametrize("keep", [0.5, 0.4, 0.6 + 1 / 512])
def test_patterns_of_a_block_have_the_frequencies_of_independent_elements(keep):
    mask = mask_of(drop(KEY, jnp.ones((2**16, 64)), 1 - keep)).reshape(-1, 8)
    counts = np.bincount(np.packbits(mask, axis=-1)[:, 0], minlength=256)
    ones = np.array([bin(pattern).count("1") for pattern in range(256)])
    assert chi_square(counts, keep**ones * (1 - keep) ** (8 - ones)) < chi_square_bound(255)


@pytest.mark.parametrize("rate", [0.002, 0.1, 0.5, 0.9, 0.998])
def test_pairs_of_elements_of_a_block_have_the_frequencies_of_independent_ones(rate):
    mask = mask_of(drop(KEY, jnp.ones((2**16, 512)), rate)).reshape(-1, 8)
    cells = np.array([rate**2, rate * (1 - rate), rate * (1 - rate), (1 - rate) ** 2])
    for one, other in itertools.combinations(range(8), 2):
        counts = np.bincount(2 * mask[:, one] + mask[:, other], minlength=4)
        assert chi_square(counts, cells) < chi_square_bound(3)


def test_elements_on_the_boundary_byte_are_independent_of_each_other():
    # A quarter of the lower bytes decides, so a dither that a block shares would be seen here: of
    # 2**16 random blocks those are looked at in which two given bytes are the limit's own.
    keep = 0.5 + 1 / 1024
    limit_byte = int(keep * 256)
    generator = np.random.default_rng(0)
    for one, other in itertools.combinations(range(8), 2):
        bytes_ = generator.integers(0, 256, size=(2**16, 8), dtype=np.uint64)
        bytes_[:, [one, other]] = limit_byte
        x0, x1 = (sum(bytes_[:, h + j] << np.uint64(24 - 8 * j) for j in range(4)) for h in (0, 4))
        pair = [lane_word(x0, x1, lane) < keep * 2**32 for lane in (one, other)]
        counts = np.bincount(2 * pair[0] + pair[1], minlength=4)
        cells = np.array([9, 3, 3, 1]) / 16
        assert chi_square(counts, cells) < chi_square_bound(3)


# Independence across blocks, streams and steps: correlations of centred masks. A product of two
# independent centred elements has mean 0 and variance (p (1 - p))**2, and products at one lag are
# uncorrelated, so the sum over n of them, so scaled, is close to a standard normal: beyond 5 with
# probability 6e-7.


def correlation(one, other, rate):
    centred = (one.astype(np.float64) - (1 - rate)) * (other - (1 - rate))
    return float(centred.sum() / (rate * (1 - rate) * math.sqrt(centred.size)))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_elements_are_uncorrelated_at_every_lag_along_and_across_rows(rate):
    mask = mask_of(drop(KEY, jnp.ones((1024, 1000)), rate))
    flat = mask.reshape(-1)
    for lag in (*range(1, 34), 64, 125, 128, 1000, 1001, 8000, 125_000):
        assert abs(correlation(flat[lag:], flat[:-lag], rate)) < 5


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_blocks_follow_each_other_independently(rate):
    # The serial test: how many of a block's eight are kept, against the same of the next block.
    kept = mask_of(drop(KEY, jnp.ones((2**18, 64)), rate)).reshape(-1, 8).sum(axis=1)
    binomial = np.array([math.comb(8, k) * (1 - rate) ** k * rate ** (8 - k) for k in range(9)])
    low = 0 if rate == 0.5 else 5  # with fewer kept pooled: cells must not be too rare
    kept, cells = np.maximum(kept, low), binomial[low:].copy()
    cells[0] += binomial[:low].sum()
    pairs = (kept[0::2] - low) * len(cells) + (kept[1::2] - low)
    counts = np.bincount(pairs, minlength=len(cells) ** 2)
    joint = np.outer(cells, cells).ravel()
    assert chi_square(counts, joint) < chi_square_bound(len(joint) - 1)


def test_streams_and_steps_and_modes_are_uncorrelated():
    streams, x, rate = ks.Streams(0, "dropout", "noise"), jnp.ones((512, 512)), 0.3
    keys = [streams.key(name, step) for name in ("dropout", "noise") for step in (0, 1, 2, 1000)]
    masks = [mask_of(drop(key, x, rate)) for key in keys]
    masks += [mask_of(ks.dropout(keys[0], x, rate))]  # the exact mask of a key that is used twice
    masks += [mask_of(drop(child, x, rate)) for child in jax.random.split(keys[0], 2)]
    for one, other in itertools.combinations(masks, 2):
        assert abs(correlation(one, other, rate)) < 5


# What is returned.


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "complex64"])
def test_kept_elements_are_scaled_by_the_keep_probability_itself(dtype):
    x = (jnp.arange(1, 1001) / 7).astype(dtype)
    wide = x if dtype == "complex64" else x.astype("float32")
    scaled = (wide * np.float32(1 / 0.9).astype(wide.dtype)).astype(dtype)
    for f in (drop, jax.jit(drop, static_argnums=2)):
        y = f(KEY, x, 0.1)
        assert y.dtype == x.dtype
        kept = mask_of(y)
        assert 0 < kept.sum() < 1000
        np.testing.assert_array_equal(np.asarray(y)[kept], np.asarray(scaled)[kept])


def test_float64_is_scaled_in_float64():
    with jax.enable_x64(True):
        y = drop(KEY, jnp.ones(100, jnp.float64), 0.1)
        assert y.dtype == jnp.float64
        assert set(np.asarray(y).tolist()) == {0.0, 1 / 0.9}


def test_a_traced_rate_gives_what_a_known_one_gives():
    x = jnp.linspace(-1, 1, 4096).reshape(64, 64)
    for rate in (0.25, 0.5, 0.75):
        known, traced = drop(KEY, x, rate), jax.jit(drop)(KEY, x, jnp.float32(rate))
        np.testing.assert_array_equal(mask_of(known), mask_of(traced))
        np.testing.assert_allclose(known, traced, rtol=2.0**-22)


def test_lane_bits_other_than_8_are_refused():
    for bits in (16, 0, True, "8"):
        with pytest.raises(ValueOutOfRangeError) as caught:
            ks.dropout(KEY, jnp.ones(3), 0.5, lane_bits=bits)
        assert str(caught.value) == (
            f"lane_bits is {bits!r}, but must be 8 or None\n"
            "  where: keystream.dropout\n"
            "  why:   a hash of 64 bits serves eight elements or one\n"
            "  fix:   pass lane_bits=8, or leave it out for the mask of Flax\n"
            "  KS002 value-out-of-range (keystream rule KS002)"
        )


def test_a_part_at_a_multiple_of_8_is_known_to_be_aligned():
    part = Window((4, 16), (4, 64), moved=True)
    assert lanes_of(part, "threefry2x32", np.array([0, 24], np.uint32)).aligned
    assert not lanes_of(part, "threefry2x32", np.array([0, 20], np.uint32)).aligned
    assert not lanes_of(part, "threefry2x32", jnp.array([0, 24], jnp.uint32)).aligned
    rows = Window((1, 64), (4, 64), moved=True)
    assert lanes_of(rows, "threefry2x32", jnp.array([3, 0], jnp.uint32)).aligned
