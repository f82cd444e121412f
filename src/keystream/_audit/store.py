"""The growing columns of a recording: 16 bytes a key, in NumPy arrays, on disk beyond a limit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]

_ODD = np.uint64(0x9E3779B97F4A7C15)  # of splitmix64

EDGES_KEPT = 2_000_000  # of lineage; a run of more steps keeps the first ones
IN_MEMORY = 1 << 26  # rows of one recording, which are 1 GiB; more go to a file
CHUNK = 1 << 18  # rows that are written, read or judged together


class Columns:
    """Rows of fixed types that are appended in blocks and read as whole columns.

    Rows beyond `IN_MEMORY` lie in files without a name, in the folder for temporary files: they are
    gone when the columns are, however the process ends.

    Args:
        types: the dtype of each column.
    """

    def __init__(self, *types: Any) -> None:
        self._types = tuple(np.dtype(each) for each in types)
        self._used = self._spilled = 0
        self._files: list[Any] = []
        self._columns = [np.empty(1024, each) for each in self._types]

    def __len__(self) -> int:
        return self._spilled + self._used

    def append(self, *values: Any) -> None:
        """Add rows: the first value has one entry a row, each other as many or a scalar for all.

        Raises:
            OSError: the rows before these had to go to disk, and could not; these are lost.
        """
        if self._used >= (CHUNK if self._spilled else IN_MEMORY):
            self._spill()
        count = np.size(values[0])
        end = self._used + count
        size = len(self._columns[0])
        if end > size:
            self._grow(max(end, size + min(size, CHUNK)))
        for column, value in zip(self._columns, values, strict=True):
            column[self._used : end] = value
        self._used = end

    def _grow(self, size: int) -> None:
        """Make room, column by column, so that only one of them lies in memory twice."""
        for place, column in enumerate(self._columns):
            grown = np.empty(size, column.dtype)
            grown[: self._used] = column[: self._used]
            self._columns[place] = grown

    def _spill(self) -> None:
        """Append what is in memory to the files, all columns or none."""
        try:
            if not self._files:
                self._files = [tempfile.TemporaryFile(prefix="keystream-") for _ in self._types]  # noqa: SIM115
            for column, file in zip(self._columns, self._files, strict=True):
                file.seek(self._spilled * column.itemsize)
                column[: self._used].tofile(file)
                file.flush()
        except OSError:
            self._used = 0
            raise
        self._spilled += self._used
        self._used = 0
        self._columns = [np.empty(CHUNK, each) for each in self._types]

    def read(self) -> list[NDArray[Any]]:
        """The columns as they are now, not copied: in memory, or mapped from the files.

        Raises:
            OSError: the last rows had to go to disk, and could not.
        """
        if not self._spilled:
            return [column[: self._used] for column in self._columns]
        if self._used:
            self._spill()
        return [
            np.memmap(file, each, mode="r", shape=(self._spilled,))
            for file, each in zip(self._files, self._types, strict=True)
        ]


def chunks(count: int) -> Iterator[slice]:
    """The rows of a recording in blocks that memory can hold."""
    return (slice(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))


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
