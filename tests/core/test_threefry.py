"""The block against Random123's known answers, JAX's own block, and its inverse."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.extend.random import threefry_2x32

from keystream._threefry import block, inverse

VECTORS = Path(__file__).parent.parent / "data" / "threefry2x32.txt"
WORDS = st.integers(0, 2**32 - 1)


def known_answers():
    lines = [line for line in VECTORS.read_text().splitlines() if not line.startswith("#")]
    return [tuple(int(word, 16) for word in line.split()) for line in lines]


@pytest.mark.parametrize("words", known_answers())
@pytest.mark.parametrize("array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_block_gives_the_known_answers_of_random123(array, words):
    c0, c1, k0, k1, x0, x1 = (array(np.array([word], np.uint32)) for word in words)
    high, low = block((k0, k1), (c0, c1))
    assert (int(high[0]), int(low[0])) == (int(x0[0]), int(x1[0]))


@given(st.tuples(WORDS, WORDS), st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=50))
def test_inverse_undoes_block(key, counters):
    k0, k1 = (np.array([word], np.uint32) for word in key)
    c0, c1 = np.array(counters, np.uint32).T
    again0, again1 = inverse((k0, k1), block((k0, k1), (c0, c1)))
    np.testing.assert_array_equal(again0, c0)
    np.testing.assert_array_equal(again1, c1)


@settings(max_examples=30)
@given(st.tuples(WORDS, WORDS), st.tuples(WORDS, WORDS))
def test_numpy_and_jax_and_jaxs_own_block_agree(key, counter):
    key_array = np.array(key, np.uint32)
    pair = tuple(np.array([word], np.uint32) for word in counter)
    ours_numpy = np.concatenate(block((key_array[:1], key_array[1:]), pair))
    ours_jax = jnp.concatenate(
        block(
            (jnp.asarray(key_array[:1]), jnp.asarray(key_array[1:])), tuple(map(jnp.asarray, pair))
        )
    )
    theirs = threefry_2x32(jnp.asarray(key_array), jnp.asarray(np.array(counter, np.uint32)))
    np.testing.assert_array_equal(ours_numpy, ours_jax)
    np.testing.assert_array_equal(ours_numpy, theirs)


def test_block_at_a_high_word_of_zero_is_fold_in():
    root = jax.random.key(5)
    zero, five = np.array([0], np.uint32), np.array([5], np.uint32)
    for index in (0, 7, 123456, 2**32 - 1):
        words = np.concatenate(block((zero, five), (zero, np.array([index], np.uint32))))
        np.testing.assert_array_equal(words, jax.random.key_data(jax.random.fold_in(root, index)))
