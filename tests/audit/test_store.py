"""Columns hold 16 bytes a key."""

import numpy as np

from keystream._audit.store import Columns, pack


def test_rows_come_back_in_their_order():
    columns = Columns(np.uint64, np.uint32)
    for start in range(0, 5000, 500):
        columns.append(np.arange(start, start + 500, dtype=np.uint64), start)
    keys, calls = columns.read()
    assert np.array_equal(keys, np.arange(5000))
    assert np.array_equal(calls, np.repeat(np.arange(0, 5000, 500), 500))


def test_nothing_is_added_by_no_rows():
    columns = Columns(np.uint64, np.uint32)
    columns.append(np.zeros(0, np.uint64), 7)
    assert len(columns) == 0


def test_a_key_takes_16_bytes():
    columns = Columns(np.uint64, np.uint32, np.uint32)
    columns.append(np.arange(100_000, dtype=np.uint64), 1, 2)
    assert sum(column.nbytes for column in columns.read()) == 16 * 100_000


def test_two_words_are_packed_exactly():
    words = np.array([[1, 2], [0xFFFFFFFF, 0]], np.uint32)
    assert pack(words).tolist() == [(1 << 32) | 2, 0xFFFFFFFF << 32]


def test_longer_keys_that_differ_in_one_word_are_told_apart():
    words = np.zeros((5, 4), np.uint32)
    words[np.arange(4), np.arange(4)] = 1
    assert len(set(pack(words).tolist())) == 5
