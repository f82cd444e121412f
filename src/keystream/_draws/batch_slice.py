"""A context that tells layers which part of the global batch they are given."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from keystream._names import as_integer
from keystream.errors import ValueOutOfRangeError

_CALL = "keystream.batch_slice"
_WHY = "an element's draw depends on its place in the global batch"


@dataclass(frozen=True)
class _Slice:
    start: Any
    size: int
    axis: int


_current: ContextVar[_Slice | None] = ContextVar("keystream.batch_slice", default=None)

# From (offset, shape) within a shard to those within the global array: `distributed` sets it.
Placing = Callable[[list[Any], list[int]], tuple[list[Any], list[int]]]
placed: ContextVar[Placing | None] = ContextVar("keystream.shard_slice", default=None)


@contextmanager
def batch_slice(start: Any, size: int, *, axis: int = 0) -> Generator[None]:
    """Let the layers called within draw for a part of a global batch.

    A microbatch, or the shard that a process holds, then gets exactly its part of the masks and noise
    that the whole batch gets: splitting a batch changes no draw. Use a coordinate of `Streams` instead
    where the parts shall have draws of their own.

    Layers of `keystream.linen`, `keystream.nnx` and `keystream.equinox` follow it; functions such as
    `dropout` take ``index_offset=`` and ``global_shape=`` themselves. A layer whose input has the
    batch on another axis, or none, can't be told apart: call it outside. A compiled function keeps
    what it was traced with, so enter the context inside of ``jit``, with a traced start.

    Args:
        start: the place of the first element in the global batch: an integer, Python's or a JAX
            scalar, traced or not.
        size: of the global batch, a Python integer.
        axis: of the batch in each layer's input, at least 0.

    Raises:
        ValueOutOfRangeError: KS002, the size or the axis is not such an integer.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> import keystream as ks
        >>> layer, key = ks.linen.Dropout(0.5, deterministic=False), jax.random.key(0)
        >>> whole = layer.apply({}, jnp.ones((8, 4)), rngs={"dropout": key})
        >>> with ks.batch_slice(6, size=8):
        ...     part = layer.apply({}, jnp.ones((2, 4)), rngs={"dropout": key})
        >>> bool((part == whole[6:]).all())
        True
    """
    whole = as_integer(size, "size", _CALL, _WHY)
    place = as_integer(axis, "axis", _CALL, _WHY)
    if whole < 0 or place < 0:
        raise ValueOutOfRangeError(
            f"size {whole} or axis {place} is below 0",
            where=_CALL,
            why=_WHY,
            fix="pass the size of the global batch, and its axis counted from 0",
        )
    token = _current.set(_Slice(start, whole, place))
    try:
        yield
    finally:
        _current.reset(token)


def current_window(shape: tuple[int, ...]) -> dict[str, Any]:
    """``index_offset=`` and ``global_shape=`` of a layer's input here; empty outside of the context.

    Raises:
        ValueOutOfRangeError: KS002, the input has no such axis.
    """
    part, placing = _current.get(), placed.get()
    if part is None and placing is None:
        return {}
    offset, whole = [0] * len(shape), list(shape)
    if part is not None:
        if part.axis >= len(shape):
            raise ValueOutOfRangeError(
                f"an input of shape {shape} has no axis {part.axis}",
                where=_CALL,
                why=_WHY,
                fix="call layers whose input has no batch axis outside of the context",
            )
        offset[part.axis], whole[part.axis] = part.start, part.size
    if placing is not None:
        offset, whole = placing(offset, whole)
    return {"index_offset": offset, "global_shape": whole}
