"""The growing columns of a recording: 16 bytes a key, in NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]

_ODD = np.uint64(0x9E3779B97F4A7C15)  # of splitmix64

EDGES_KEPT = 2_000_000  # of lineage; a run of more steps keeps the first ones


class Columns:
    """Rows of fixed types that are appended in blocks and read as whole columns.

    Args:
        types: the dtype of each column.
    """

    def __init__(self, *types: Any) -> None:
        self._types = tuple(np.dtype(each) for each in types)
        self._used = 0
        self._columns = [np.empty(1024, each) for each in self._types]

    def __len__(self) -> int:
        return self._used

    def append(self, *values: Any) -> None:
        """Add rows: the first value has one entry a row, each other as many or a scalar for all."""
        count = np.size(values[0])
        end = self._used + count
        if end > len(self._columns[0]):
            size = max(end, len(self._columns[0]) * 9 // 8)
            self._columns = [np.resize(column[: self._used], size) for column in self._columns]
        for column, value in zip(self._columns, values, strict=True):
            column[self._used : end] = value
        self._used = end

    def read(self) -> list[NDArray[Any]]:
        """The columns as they are now; views, not copies."""
        return [column[: self._used] for column in self._columns]


def unique(values: NDArray[Any]) -> NDArray[Any]:
    """The different values, sorted. NumPy's own hashes them, which takes ten times as long."""
    ordered = np.sort(values, axis=None)
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]]] if ordered.size else ordered


def among(values: NDArray[Any], ordered: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of the values are in a sorted array."""
    if not ordered.size:
        return np.zeros(values.shape, bool)
    places = np.minimum(np.searchsorted(ordered, values), ordered.size - 1)
    return ordered[places] == values


def pack(words: NDArray[Any]) -> NDArray[np.uint64]:
    """Key data as 64-bit values: exact for two words, a mixture for more.

    Args:
        words: uint32 ``(..., w)``.

    Returns:
        uint64 ``(...)``.
    """
    wide = words.astype(np.uint64)
    if wide.shape[-1] == 1:
        return wide[..., 0]
    packed = (wide[..., 0] << np.uint64(32)) | wide[..., 1]
    for index in range(2, wide.shape[-1]):
        packed = packed * _ODD  # modulo 2**64
        packed = (packed ^ (packed >> np.uint64(29))) + (wide[..., index] + np.uint64(index)) * _ODD
    return packed
