"""A random order of n things from one key: a function of the place, so nothing has to be stored.

Up to `SORTED_BELOW` places the order is that of 64-bit random words, all of it made at once. Above, each
place goes through a Feistel network by itself, and again while the outcome is no place (cycle walking):
a billion rows need no array of a billion rows, and any of them is found without the others.

Source: Luby, Rackoff, "How to construct pseudorandom permutations from pseudorandom functions" (SIAM J.
Comput. 17, 1988); Black, Rogaway, "Ciphers with arbitrary finite domains" (CT-RSA 2002), section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast, overload

import numpy as np

from keystream import _threefry
from keystream._names import as_integer
from keystream.errors import ValueOutOfRangeError

SORTED_BELOW: Final = 2**16 + 1
_ROUNDS: Final = 8  # even, so that both halves are back at their widths
_BLOCK: Final = 4096  # neighbours computed together: a NumPy call costs as much for one as for many
_KEPT: Final = 4  # blocks
_LARGEST: Final = 2**62


class Permutation(Sequence[int]):
    """A random order of the integers in [0, n), the same in every process.

    Guarantee: each integer in [0, n) comes exactly once. For one key and n the order never changes
    within a layout of `Streams`: not with the version of NumPy, Python or JAX. Entries are computed
    where they are asked for, and there is no state: take ``order[rank::world]`` in each process, or go
    on in the middle of an epoch with ``order[done:]``.

    It is a sequence: PyTorch takes it as a sampler, Grain as a data source. It pickles as its key and n.
    It indexes an array of NumPy, ``data[order]``. JAX takes no sequence as an index: there it is
    ``data[order[:]]``, whose slice is an array.

    Args:
        key: two 32-bit words.
        n: how many, in [0, 2**62].

    Raises:
        ValueOutOfRangeError: KS002, n is not such an integer.

    Example:
        >>> import keystream as ks
        >>> order = ks.Streams(0, "shuffle").permutation("shuffle", 3, 10)
        >>> order
        Permutation of 10: 7 3 2 8 0 ...
        >>> order[2], order[:4].tolist(), sorted(order)
        (2, [7, 3, 2, 8], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """

    __slots__ = ("_blocks", "_key", "_n", "_whole")

    def __init__(self, key: tuple[int, int], n: int) -> None:
        self._key = key
        self._n = _check_size(n)
        self._blocks: dict[int, np.ndarray] = {}
        self._whole: np.ndarray | None = None

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice | np.ndarray) -> np.ndarray: ...
    # A slice is an array, where a Sequence would have it another Sequence.
    def __getitem__(self, place: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The entry at a place; of a slice or an integer array, int64 of its shape."""
        if isinstance(place, slice):
            return self._take(np.arange(*place.indices(self._n), dtype=np.int64))
        if isinstance(place, np.ndarray) and place.ndim:
            places = cast(np.ndarray, place)
            if not np.issubdtype(places.dtype, np.integer):
                raise IndexError(f"places are of dtype {places.dtype}, not integers")
            places = places.astype(np.int64)
            if places.size and not -self._n <= places.min() <= places.max() < self._n:
                raise IndexError(f"a place is outside [{-self._n}, {self._n})")
            return self._take(np.where(places < 0, places + self._n, places))
        index = as_integer(place, "place", "Permutation", "it is an index of a sequence")
        if not -self._n <= index < self._n:
            raise IndexError(f"place {index} is outside [{-self._n}, {self._n})")
        block, within = divmod(index % self._n, _BLOCK)
        return int(self._block(block)[within])

    def __iter__(self) -> Iterator[int]:
        for block in range(-(-self._n // _BLOCK)):
            yield from self._block(block).tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self[:], dtype=dtype or np.int64)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Permutation):
            return NotImplemented
        return (self._key, self._n) == (other._key, other._n)

    def __hash__(self) -> int:
        return hash((self._key, self._n))

    def __reduce__(self) -> tuple[Any, ...]:
        return Permutation, (self._key, self._n)

    def __repr__(self) -> str:
        shown = "".join(f" {entry}" for entry in self[:5])
        return f"Permutation of {self._n}:{shown or ' nothing'}{' ...' if self._n > 5 else ''}"

    def _block(self, block: int) -> np.ndarray:
        """A run of neighbours, kept: data loaders ask for one place after the other."""
        blocks = self._blocks
        if block not in blocks:
            start = block * _BLOCK
            made = self._take(np.arange(start, min(start + _BLOCK, self._n), dtype=np.int64))
            # Replaced, never changed: loaders read from several threads.
            self._blocks = blocks = {**dict([*self._blocks.items()][1 - _KEPT :]), block: made}
        return blocks[block]

    def _take(self, places: np.ndarray) -> np.ndarray:
        if self._n >= SORTED_BELOW:
            return walked(self._key, places, self._n)
        if self._whole is None:
            self._whole = sorted_order(self._key, self._n)
        return self._whole[places]


def sorted_order(key: tuple[int, int], n: int) -> np.ndarray:
    """The order int64[n] of n 64-bit words; two are equal with probability n**2 / 2**65."""
    places = np.arange(n, dtype=np.uint32)
    high, low = _threefry.block(_words(key), (np.zeros_like(places), places))
    words = (high.astype(np.uint64) << np.uint64(32)) | low
    return np.argsort(words, kind="stable").astype(np.int64)


def walked(key: tuple[int, int], places: np.ndarray, n: int) -> np.ndarray:
    """The entries int64 at places int64 in [0, n), each found by itself."""
    bits = (n - 1).bit_length()
    found = feistel(key, places, bits)
    outside = np.flatnonzero(found.ravel() >= n)
    while outside.size:  # less than half of them are left each time
        found.flat[outside] = feistel(key, found.flat[outside], bits)
        outside = outside[found.flat[outside] >= n]
    return found


def feistel(key: tuple[int, int], values: np.ndarray, bits: int) -> np.ndarray:
    """A bijection of int64 values in [0, 2**bits), bits in [2, 62]."""
    widths = (bits // 2, bits - bits // 2)
    left, right = values >> widths[1], values & ((1 << widths[1]) - 1)
    for turn in range(_ROUNDS):
        # The high word parts the rounds from each other, and from `sorted_order`, whose one is 0.
        high = np.full(values.shape, turn + 1, np.uint32)
        word, _ = _threefry.block(_words(key), (high, right.astype(np.uint32)))
        mixed = left ^ (word.astype(np.int64) & ((1 << widths[turn % 2]) - 1))
        left, right = right, mixed
    return (left << widths[1]) | right


def _words(key: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([key[0]], np.uint32), np.array([key[1]], np.uint32)


def _check_size(n: object) -> int:
    why = "it is how many things are put in an order"
    size = as_integer(n, "n", "Streams.permutation", why)
    if 0 <= size <= _LARGEST:
        return size
    raise ValueOutOfRangeError(
        f"n {size} is outside [0, 2**62]",
        where="Streams.permutation",
        why=why,
        fix="pass the number of rows: len(data)",
    )
