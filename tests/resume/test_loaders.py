"""Grain and PyTorch read in the order of a stream: the same with any number of workers or processes."""

import numpy as np
import pytest
from loading import Rows

import keystream as ks

N, EPOCH = 100, 3
STREAMS = ks.Streams(0, "shuffle", "augment", coordinates={"record": N})
ORDER = STREAMS.permutation("shuffle", EPOCH, N)
ROWS = Rows(STREAMS.host(), EPOCH, N)


def expected(order):
    return np.stack([ROWS[row] for row in order])[:, :3]


@pytest.fixture
def grain():
    grain = pytest.importorskip("grain", reason="Grain is not installed")
    pytest.importorskip("absl.flags").FLAGS.mark_as_parsed()  # Grain's workers ask for its flags
    return grain


@pytest.fixture
def torch_data():
    return pytest.importorskip("torch.utils.data", reason="PyTorch is not installed")


def with_grain(grain, order, workers):
    data = grain.MapDataset.source(order).map(ROWS.__getitem__).batch(10).to_iter_dataset()
    if workers:
        data = data.mp_prefetch(grain.multiprocessing.MultiprocessingOptions(num_workers=workers))
    return np.concatenate(list(data))


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_grain_reads_in_the_order_of_the_stream(grain, workers):
    assert np.array_equal(with_grain(grain, ORDER, workers)[:, :3], expected(ORDER))


def test_grain_in_the_middle_of_an_epoch_and_in_parts(grain):
    assert np.array_equal(with_grain(grain, ORDER[60:], 0)[:, :3], expected(ORDER[60:]))
    parts = [with_grain(grain, ORDER[rank::4], 0)[:, :3] for rank in range(4)]
    together = np.stack(parts, axis=1).reshape(N, 3)
    assert np.array_equal(together, expected(ORDER))


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_pytorch_reads_in_the_order_of_the_stream(torch_data, workers):
    loader = torch_data.DataLoader(
        ROWS,
        batch_size=10,
        sampler=ORDER,
        num_workers=workers,
        multiprocessing_context="spawn" if workers else None,
    )
    read = np.concatenate([np.asarray(batch) for batch in loader])
    assert np.array_equal(read[:, :3], expected(ORDER))
    assert workers == 0 or not read[:, 3].any(), "a worker loaded JAX"
