"""What benchmarks/randomness.py feeds to dieharder is what it says, and what it reads back too."""

import importlib.util
import itertools
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import keystream as ks

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

PRINTED = """\
#=============================================================================#
        test_name   |ntup| tsamples |psamples|  p-value |Assessment
#=============================================================================#
   diehard_bitstream|   0|   2097152|     100|0.99873252|   WEAK
          sts_serial|   2|    100000|     100|0.50000000|  PASSED
"""


@pytest.fixture(scope="module")
def randomness():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        spec = importlib.util.spec_from_file_location("randomness", BENCHMARKS / "randomness.py")
        module = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, "randomness", module)
        spec.loader.exec_module(module)
        yield module


@pytest.fixture(autouse=True)
def small_chunks(randomness, monkeypatch):
    monkeypatch.setattr(randomness, "STEPS_A_CHUNK", {"keys": 4, "families": 3, "masks": 4})


def test_the_source_of_keys_is_the_keys_of_all_names_in_their_order(randomness):
    chunks = list(itertools.islice(randomness.key_words(5), 2))
    streams = ks.Streams(5, "abc", "abd", "abe", "abf", coordinates={"microbatch": 8})
    for step, place in itertools.product((0, 3, 4, 7), (0, 7)):
        words = chunks[step // 4][step % 4, place]
        keys = streams.rngs(step, microbatch=place).values()
        assert [list(word) for word in words] == [list(jax.random.key_data(key)) for key in keys]


def test_the_source_of_families_has_each_key_before_its_children(randomness):
    (chunk,) = itertools.islice(randomness.family_words(5), 1)
    key = ks.Streams(5, "noise", "sample").keys("sample", 2, 32)[9]
    family = [key, *(jax.random.fold_in(key, place) for place in range(3))]
    assert [list(word) for word in chunk[2, 9, 1]] == [
        list(jax.random.key_data(member)) for member in family
    ]


def test_the_source_of_masks_goes_on_with_other_masks(randomness):
    first, second = itertools.islice(randomness.masks(0.25, 5), 2)
    key = ks.Streams(5, "dropout").key("dropout", 5)
    kept = ks.dropout(key, np.ones((64, 1001), np.float32), 0.25, lane_bits=8) != 0
    np.testing.assert_array_equal(second[1], kept)
    assert not np.array_equal(first, second)


def chi_square_of_bytes(chunks):
    counts = sum(np.bincount(chunk.reshape(-1), minlength=256) for chunk in chunks)
    expected = counts.sum() / 256
    return float(((counts - expected) ** 2 / expected).sum())


# What a chi-square of 255 degrees exceeds with a chance below 1e-7: Laurent and Massart (2000), lemma 1.
BOUND = 255 + 2 * np.sqrt(255 * 16.2) + 2 * 16.2


@pytest.mark.parametrize("rate", [0.1, 1 / 3])
def test_bytes_of_masks_are_uniform(randomness, rate):
    chunks = itertools.islice(randomness.mask_bytes(rate)(5), 16)
    assert chi_square_of_bytes(chunks) < BOUND


def test_bytes_of_masks_at_a_rate_that_is_off_by_a_hundredth_are_not_uniform(
    randomness, monkeypatch
):
    right = randomness.masks
    monkeypatch.setattr(randomness, "masks", lambda rate, seed: right(rate + 0.01, seed))
    chunks = itertools.islice(randomness.mask_bytes(0.1)(5), 16)
    assert chi_square_of_bytes(chunks) > 2 * BOUND


def test_a_slice_is_a_slice_of_the_bytes_and_none_is_lost(randomness):
    words = np.arange(100_000, dtype=np.uint32).reshape(100, 1000)
    parts = list(randomness._slices(iter([words, words[:1]])))
    assert b"".join(parts) == words.tobytes() + words[:1].tobytes()
    assert max(map(len, parts)) <= 2**16


def test_a_command_that_stops_reading_ends_its_turn_and_the_next_reads_on(randomness):
    feed = randomness.Feed(lambda seed: iter([np.full(2**20, seed, np.uint32)] * 64), 7)
    printed, given = feed.run(["head", "-c", "4"])
    assert printed.encode() == np.uint32(7).tobytes()
    assert 4 <= given < 2**22
    printed, _ = feed.run(["head", "-c", "8"])
    assert printed.encode() == np.full(2, 7, np.uint32).tobytes()


def test_what_dieharder_prints_is_read(randomness):
    first, second = randomness.rows_of(PRINTED)
    assert first == {
        "test": "diehard_bitstream",
        "ntuple": 0,
        "samples": 2097152,
        "repeats": 100,
        "p": 0.99873252,
        "says": "WEAK",
    }
    assert (second["test"], second["ntuple"], second["says"]) == ("sts_serial", 2, "PASSED")


def test_every_test_of_dieharder_is_taken_once(randomness):
    tests = randomness.tests_of_dieharder()
    assert len(set(tests)) == len(tests)
    # As `dieharder -l` and `dieharder -a` of version 3.31.1 have them.
    assert {test.number for test in tests} == {*range(18), 100, 101, 102, *range(200, 210)}
    assert sum(test.number == 203 for test in tests) == 33
