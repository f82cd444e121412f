"""Host randomness: frozen, distinct by name, the same in every process, and without JAX."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import keystream as ks
from keystream._permutation import SORTED_BELOW, feistel, sorted_order, walked
from keystream.errors import UnsupportedKeyError, ValueOutOfRangeError

VECTORS = json.loads((Path(__file__).parents[1] / "data/host.v1.json").read_text())["vectors"]
STREAMS = ks.Streams(0, "augment", "shuffle", coordinates={"record": 1000})


def declared(vector):
    root = jax.random.wrap_key_data(np.array(vector["root"], np.uint32), impl="threefry2x32")
    return ks.Streams(root, vector["name"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_numpy_and_python_generators_are_the_frozen_ones(vector):
    streams, name = declared(vector), (vector["name"], vector["step"])
    assert streams.numpy(*name).bit_generator.random_raw(8).tolist() == vector["philox"]
    assert [streams.python(*name).getrandbits(64)] == vector["python"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_permutations_are_the_frozen_ones(vector):
    streams, name = declared(vector), (vector["name"], vector["step"])
    for n, order in vector["orders"].items():
        assert list(streams.permutation(*name, int(n))) == order
    for n, total in vector["sums"].items():
        order = streams.permutation(*name, int(n))
        assert sum(place * entry for place, entry in enumerate(order)) == total
    for n, entries in vector["walked"].items():
        order = streams.permutation(*name, int(n))
        assert [[place, order[place]] for place, _ in entries] == entries
        places = np.array([place for place, _ in entries])
        assert order[places].tolist() == [entry for _, entry in entries]


@pytest.mark.parametrize("impl", ["threefry2x32", "rbg"])
@pytest.mark.parametrize("own", [False, True], ids=["one root", "a root a stream"])
def test_the_words_on_the_host_are_those_of_the_key(impl, own):
    coordinates = {"record": 1000, "epoch": 4}
    source = {"augment": 3, "shuffle": 4} if own else 3
    names = () if own else ("augment", "shuffle")
    streams = ks.Streams(source, *names, coordinates=coordinates, impl=impl)
    for each in (streams, streams.child("teacher")):
        for name, step, values in [
            ("augment", 0, {}),
            ("shuffle", 2**31, {"epoch": 3}),
            ("shuffle", 2**32 - 2, {"epoch": 3, "record": 999}),
        ]:
            words = each.host().words("a test", name, step, values)
            key = each.key(name, step, **values)
            assert list(words) == jax.random.key_data(key).tolist()


def test_distinct_names_have_distinct_generators_and_one_name_always_the_same():
    drawn = {
        STREAMS.numpy(name, step, record=record).bit_generator.random_raw()
        for name in STREAMS.names
        for step in range(10)
        for record in range(10)
    }
    assert len(drawn) == 200
    assert STREAMS.numpy("augment", 3).random() == STREAMS.numpy("augment", 3).random()
    assert STREAMS.python("augment", 3).random() == STREAMS.python("augment", 3).random()
    assert STREAMS.python("augment", 3).random() != STREAMS.python("augment", 4).random()


def test_a_worker_process_gets_the_same_without_loading_jax():
    code = (
        "import pickle, sys\n"
        "host = pickle.loads(sys.stdin.buffer.read())\n"
        "print(host.numpy('augment', 3, record=7).bit_generator.random_raw())\n"
        "print(host.python('augment', 3).getrandbits(32), host.permutation('shuffle', 1, 10**9)[5])\n"
        "assert not {'jax', 'jaxlib', 'flax'} & set(sys.modules)\n"
        "print(host)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(STREAMS.host()),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().split("\n")[:3] == [
        str(STREAMS.numpy("augment", 3, record=7).bit_generator.random_raw()),
        f"{STREAMS.python('augment', 3).getrandbits(32)} "
        f"{STREAMS.permutation('shuffle', 1, 10**9)[5]}",
        "HostStreams('augment', 'shuffle')",
    ]


def test_host_streams_compare_and_pickle_by_value():
    host = STREAMS.host()
    assert pickle.loads(pickle.dumps(host)) == host
    assert hash(pickle.loads(pickle.dumps(host))) == hash(host)
    assert host == host.host()
    assert host != ks.Streams(1, *STREAMS.names, coordinates={"record": 1000}).host()
    assert host != "host"


@given(st.integers(0, 2**64 - 1), st.integers(0, 3000))
def test_a_small_permutation_has_every_integer_once(key, n):
    order = sorted_order((key >> 32, key % 2**32), n)
    assert sorted(order.tolist()) == list(range(n))


@given(st.integers(0, 2**64 - 1), st.integers(2, 12))
def test_the_network_is_a_bijection_at_every_width(key, bits):
    values = feistel((key >> 32, key % 2**32), np.arange(2**bits), bits)
    assert sorted(values.tolist()) == list(range(2**bits))


@given(st.integers(0, 2**64 - 1), st.integers(2, 4000))
def test_walking_stays_a_bijection_at_every_size(key, n):
    values = walked((key >> 32, key % 2**32), np.arange(n), n)
    assert sorted(values.tolist()) == list(range(n))


@pytest.mark.parametrize("n", [SORTED_BELOW - 1, SORTED_BELOW, 70_001])
def test_at_the_change_of_method_every_row_still_comes_once(n):
    order = STREAMS.permutation("shuffle", 3, n)
    whole = np.asarray(order)
    assert whole.dtype == np.int64
    assert np.array_equal(np.sort(whole), np.arange(n))
    assert len(order) == n


@pytest.mark.parametrize("n", [50, 100_000])
def test_every_way_to_read_an_order_agrees(n):
    order = STREAMS.permutation("shuffle", 3, n)
    whole = order[:]
    assert list(order) == whole.tolist()
    assert [order[place] for place in (0, 17, n - 1)] == whole[[0, 17, n - 1]].tolist()
    assert order[-1] == order[n - 1] == whole[-1]
    assert np.array_equal(order[n // 2 :], whole[n // 2 :])
    assert np.array_equal(order[1::7], whole[1::7])
    assert np.array_equal(order[np.array([[3, -1], [0, 5]])], whole[[[3, -1], [0, 5]]])
    assert order[np.int64(3)] == whole[3]
    assert np.asarray(order, dtype=np.float32).dtype == np.float32
    assert pickle.loads(pickle.dumps(order)) == order
    assert (
        len({order, STREAMS.permutation("shuffle", 3, n), STREAMS.permutation("shuffle", 4, n)})
        == 2
    )
    assert order != whole.tolist()


def test_places_outside_of_an_order_are_index_errors():
    order = STREAMS.permutation("shuffle", 3, 10)
    for place in (10, -11, np.array([3, 10]), np.array([-11]), np.array([0.5])):
        with pytest.raises(IndexError):
            order[place]
    with pytest.raises(ValueOutOfRangeError, match=r"place 1\.5 is not an integer"):
        order[1.5]


def test_every_place_is_equally_likely_for_every_row():
    """12 things, 6000 epochs: 144 counts, each binomial(6000, 1/12); chi-square with 121 degrees."""
    n, epochs = 12, 6000
    counts = np.zeros((n, n))
    for epoch in range(epochs):
        counts[np.arange(n), STREAMS.permutation("shuffle", epoch, n)[:]] += 1
    expected = epochs / n
    chi_square = ((counts - expected) ** 2 / expected).sum()
    assert abs(chi_square - 121) < 5 * np.sqrt(2 * 121)  # fixed keys: it can't fail by chance


def test_the_network_mixes_as_a_random_order_does():
    """Of a random order of n, the mean of |entry - place| is n/3, with deviation below n/sqrt(n)/4."""
    n = 100_000
    whole = STREAMS.permutation("shuffle", 3, n)[:]
    assert abs(np.abs(whole - np.arange(n)).mean() - n / 3) < 5 * n / np.sqrt(n) / 4
    ups = (np.diff(whole) > 0).mean()  # neighbours ascend in half of all places
    assert abs(ups - 0.5) < 5 * np.sqrt(1 / 12 / n)


def test_processes_and_epochs_part_an_order_without_state():
    order = STREAMS.permutation("shuffle", 3, 1000)
    parts = [order[rank::4] for rank in range(4)]
    assert sorted(np.concatenate(parts).tolist()) == list(range(1000))
    done = 640
    assert np.array_equal(np.concatenate([order[:done], order[done:]]), order[:])
    assert not np.array_equal(STREAMS.permutation("shuffle", 4, 1000)[:], order[:])


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: STREAMS.numpy("augment", 1.5), "step 1.5 is not an integer"),
        (lambda: STREAMS.python("augment", -1), "step -1 is outside [0, 4294967295)"),
        (lambda: STREAMS.numpy("augment", 2**32 - 1), "step 4294967295 is outside [0, 4294967295)"),
        (
            lambda: STREAMS.numpy("augment", 0, record=1000),
            "coordinate record 1000 is outside [0, 1000)",
        ),
        (lambda: STREAMS.permutation("shuffle", 0, -1), "n -1 is outside [0, 2**62]"),
        (lambda: STREAMS.permutation("shuffle", 0, 2.0), "n 2.0 is not an integer"),
        (lambda: STREAMS.numpy("augmet", 0), "stream 'augmet' is not declared"),
        (lambda: STREAMS.python("augment", 0, row=1), "coordinate 'row' is not declared"),
    ],
)
def test_what_has_no_name_is_refused(call, what):
    with pytest.raises(ks.errors.KeystreamError) as caught:
        call()
    assert caught.value.what == what


def test_a_traced_step_or_traced_streams_are_refused():
    with pytest.raises(ValueOutOfRangeError) as caught:
        jax.jit(lambda step: STREAMS.numpy("augment", step).random())(3)
    assert (
        caught.value.why
        == "a key on the host is made of numbers that are known; a traced one is not"
    )
    with pytest.raises(UnsupportedKeyError, match="the streams are traced here"):
        jax.jit(lambda streams: streams.numpy("augment", 0).random())(STREAMS)
