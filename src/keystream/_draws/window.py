"""Which elements of which array a draw is for, and the counters of their indices.

An element is drawn by its place in the *global* array. A shard or a microbatch that knows its place
draws its part of the global mask; every element costs the same wherever it lies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import NamedSharding, PartitionSpec

from keystream._names import as_integer
from keystream._words import WORD, Pair, add, multiply
from keystream.errors import ValueOutOfRangeError

_WHY = "an element's draw depends on its place in the global array"


@dataclass(frozen=True)
class Window:
    """A part of a global array.

    Args:
        shape: of the part.
        global_shape: of the whole; the same length, nowhere smaller.
        moved: whether the part has an offset, passed to `counters` when it is drawn.
        sharding: of the part where the mesh has explicit axes, else None: then XLA finds it.
    """

    shape: tuple[int, ...]
    global_shape: tuple[int, ...]
    moved: bool = False
    sharding: NamedSharding | None = None

    @property
    def known(self) -> bool:
        """Whether all sizes are numbers: those of a program exported for any size are not."""
        return all(map(_is_number, self.global_shape))

    def counters(self, offset: jax.Array) -> Pair:
        """The index of each element in the flattened global array, as two words (high, low).

        Args:
            offset: of the part, uint32[ndim]; read only where `moved`.
        """
        if math.prod(self.global_shape) <= WORD:
            places = [self._place(axis, offset) for axis in range(len(self.shape))]
            strides = [math.prod(self.global_shape[axis + 1 :]) for axis in range(len(self.shape))]
            parts = [
                place if stride == 1 else lax.mul(place, np.uint32(stride % WORD))
                for place, stride in zip(places, strides, strict=True)
            ]
            return np.uint32(0), reduce(lax.add, parts) if parts else np.uint32(0)
        index: Pair = (np.uint32(0), np.uint32(0))
        for axis in range(len(self.shape)):
            stride = math.prod(self.global_shape[axis + 1 :])
            index = add(index, multiply(self._place(axis, offset), stride))
        return index

    def _place(self, axis: int, offset: jax.Array) -> jax.Array:
        """The place of each element along one axis of the global array, uint32 of the shape."""
        sharding = self.sharding
        place = lax.broadcasted_iota(np.uint32, self.shape, axis, out_sharding=sharding)
        return place + offset[axis] if self.moved else place

    def cut(self, whole: jax.Array, offset: Any) -> jax.Array:
        """The part of a global array that exists: for draws that only JAX can make."""
        if self.moved:
            whole = lax.dynamic_slice(whole, jnp.asarray(offset).astype(np.uint32), self.shape)
        return whole if self.sharding is None else jax.sharding.reshard(whole, self.sharding)


def explicit_sharding(x: jax.Array) -> NamedSharding | None:
    """The sharding in the type of an array, where its mesh has explicit axes and some are used."""
    sharding = jax.typeof(x).sharding
    used = isinstance(sharding, NamedSharding) and any(entry for entry in sharding.spec)
    return sharding if used else None


def read_window(
    x: jax.Array,
    broadcast_dims: Sequence[int],
    index_offset: Sequence[Any] | None,
    global_shape: Sequence[int] | None,
    call: str,
) -> tuple[Window, Any]:
    """The window of a draw and its offset, uint32[ndim].

    Args:
        x: the array.
        broadcast_dims: axes along which one draw is shared; the window has length 1 there.
        index_offset: the place of the array's first element in the global array, one integer an
            axis, Python's or a JAX scalar, traced or not; only Python's are checked.
        global_shape: the shape of the global array.
        call: the call to name in an error.

    Raises:
        ValueOutOfRangeError: KS002, the part does not lie in the whole, or an axis does not exist.
    """
    shape = x.shape
    axes = _entries(broadcast_dims, "broadcast_dims", call)
    shared = {_axis(axis, len(shape), call) for axis in axes}
    drawn, sharding = _collapse(shape, shared), _unshard(explicit_sharding(x), shared)
    if index_offset is None and global_shape is None:
        _check_axes(drawn, call)
        return Window(drawn, drawn, sharding=sharding), np.zeros(0, np.uint32)
    if index_offset is None or global_shape is None:
        raise ValueOutOfRangeError(
            f"{'index_offset' if index_offset is None else 'global_shape'} is missing",
            where=call,
            why=_WHY,
            fix="pass both: index_offset=(row, 0), global_shape=(rows, columns)",
        )
    start = _entries(index_offset, "index_offset", call)
    sizes = _entries(global_shape, "global_shape", call)
    whole = tuple(as_integer(size, "a size of global_shape", call, _WHY) for size in sizes)
    if not len(start) == len(whole) == len(shape):
        raise ValueOutOfRangeError(
            f"index_offset has {len(start)} and global_shape {len(whole)} entries"
            f" for an array of shape {shape}",
            where=call,
            why=_WHY,
            fix="give both one entry an axis",
        )
    _check_axes(whole, call)
    offsets = [_offset(*entry, call) for entry in zip(start, shape, whole, strict=True)]
    offsets = [np.uint32(0) if axis in shared else each for axis, each in enumerate(offsets)]
    stack = jnp.stack if any(isinstance(each, jax.Array) for each in offsets) else np.stack
    packed = stack(offsets) if offsets else np.zeros(0, np.uint32)
    return Window(drawn, _collapse(whole, shared), moved=True, sharding=sharding), packed


def _is_number(size: object) -> bool:
    return isinstance(size, int)


def _entries(value: Any, name: str, call: str) -> tuple[Any, ...]:
    try:
        return tuple(value)
    except TypeError as error:
        raise ValueOutOfRangeError(
            f"{name} is {value!r}, not a sequence",
            where=call,
            why="an array may have several axes",
            fix=f"pass a tuple, of one entry too: {name}=(0,)",
        ) from error


def _check_axes(shape: tuple[int, ...], call: str) -> None:
    """Refuse an axis whose places do not fit in a word: they would begin again at 0."""
    long = next((size for size in shape if _is_number(size) and size > WORD), None)
    if long is not None:
        raise ValueOutOfRangeError(
            f"an axis of size {long} is longer than 2**32",
            where=call,
            why="places along an axis are 32-bit integers; arrays may have up to 2**64 elements",
            fix="make two axes of it: x.reshape(-1, 2**20), and the result as it was",
        )


def _collapse(shape: tuple[int, ...], shared: set[int]) -> tuple[int, ...]:
    return tuple(1 if axis in shared else size for axis, size in enumerate(shape))


def _unshard(sharding: NamedSharding | None, axes: set[int]) -> NamedSharding | None:
    """The same without a mesh axis along these array axes, whose draw is one."""
    if sharding is None:
        return None
    entries = (None if axis in axes else entry for axis, entry in enumerate(sharding.spec))
    return NamedSharding(sharding.mesh, PartitionSpec(*entries))


def _axis(axis: object, ndim: int, call: str) -> int:
    place = as_integer(axis, "an axis of broadcast_dims", call, "it names an axis of the array")
    if -ndim <= place < ndim:
        return place % ndim
    raise ValueOutOfRangeError(
        f"axis {place} of broadcast_dims is outside [{-ndim}, {ndim})",
        where=call,
        why="the array has no such axis to share draws along",
        fix="name axes of the array, from 0, or from -1 backwards",
    )


def _offset(value: Any, size: int, whole: int, call: str) -> Any:
    if isinstance(value, jax.Array):
        if value.ndim == 0 and jnp.issubdtype(value.dtype, jnp.integer) and size <= whole:
            return value.astype(np.uint32)
        place = f"of shape {value.shape} and dtype {value.dtype}"
    else:
        place = as_integer(value, "an offset", call, _WHY)
        if 0 <= place <= whole - size:
            return np.uint32(place)
    raise ValueOutOfRangeError(
        f"a part of size {size} at offset {place} does not lie in a whole of size {whole}",
        where=call,
        why=_WHY,
        fix="count offsets in elements of the global array, and give its shape as global_shape",
    )
