"""What a shard draws: its own, the same as all, or its part of the global mask."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import jax
import numpy as np
from jax import lax
from jax.sharding import PartitionSpec

from keystream._draws.batch_slice import placed
from keystream.errors import UnsupportedKeyError, ValueOutOfRangeError

Axis = str | tuple[str, ...]
Keys = TypeVar("Keys")
_WHY: Final = "which shard this is decides what it draws"


def shard_index(axis: Axis) -> jax.Array:
    """The place of this shard along mesh axes, to be a coordinate of a key's name.

    ``streams.key("noise", step, shard=ks.distributed.shard_index("data"))`` is a name of its own on each
    shard, so the guarantee of `Streams` covers all shards, steps and streams together.

    Args:
        axis: a mesh axis, or several, the first one slowest.

    Returns:
        An int32 scalar, traced, in [0, number of shards along the axes).

    Raises:
        ValueOutOfRangeError: KS002, there is no such axis here: it is not the body of a ``shard_map``
            over it.
    """
    return lax.axis_index(_bound(axis, "keystream.distributed.shard_index"))


def per_shard(keys: Keys, axis: Axis) -> Keys:
    """Different draws on each shard along an axis: keys folded with the shard's place.

    Guarantee: for one key, distinct on all shards (``fold_in`` is the block, a bijection). Keys of
    other names meet them with probability 2**-64; `shard_index` as a coordinate rules that out too.

    Args:
        keys: a key, or a pytree of keys such as ``streams.rngs(step)``.
        axis: a mesh axis, or several.

    Returns:
        The same structure of keys.

    Raises:
        ValueOutOfRangeError: KS002, there is no such axis here.
    """
    index = lax.axis_index(_bound(axis, "keystream.distributed.per_shard"))
    return jax.tree.map(lambda key: jax.random.fold_in(key, index), keys)


def shared(keys: Keys, axis: Axis) -> Keys:
    """The same draw on every shard along an axis: keys handed through, once they are known to agree.

    Args:
        keys: a key, or a pytree of keys.
        axis: a mesh axis, or several.

    Returns:
        `keys`.

    Raises:
        UnsupportedKeyError: KS006, a key may differ along the axis, in the types that JAX tracks. In a
            ``shard_map`` with ``check_vma=False``, and in ``pmap``, it tracks none, and nothing is
            refused.
        ValueOutOfRangeError: KS002, there is no such axis here.
    """
    call = "keystream.distributed.shared"
    names = _names(_bound(axis, call))
    for key in jax.tree.leaves(keys):
        differing = sorted(_varying(key) & set(names))
        if differing:
            raise UnsupportedKeyError(
                f"a key may differ along mesh axis {differing[0]!r}",
                where=call,
                why="replicas that draw from different keys disagree, and drift apart in silence",
                fix="derive it from the step and names alone, outside of anything that depends on"
                " the shard",
            )
    return keys


def shard_window(x: Any, spec: PartitionSpec | Axis) -> dict[str, Any]:
    """``index_offset=`` and ``global_shape=`` of this shard of an array, for draws.

    ``ks.dropout(key, x, 0.1, **ks.distributed.shard_window(x, P("data")))`` drops what the unsharded
    program drops in its place: the shard's part of the global mask.

    Args:
        x: this shard.
        spec: how the global array is sharded, as in ``in_specs``; an axis alone is that of axis 0.

    Returns:
        Keyword arguments of `dropout`, `drop_path` and `gaussian_noise`.

    Raises:
        ValueOutOfRangeError: KS002, the spec has more entries than the array axes, or names a mesh
            axis that is not there.
    """
    place = _placing(spec, "keystream.distributed.shard_window")
    offset, whole = place([0] * x.ndim, list(x.shape))
    return {"index_offset": offset, "global_shape": whole}


@contextmanager
def shard_slice(spec: PartitionSpec | Axis) -> Generator[None]:
    """Let the layers called within draw this shard's part of the global mask.

    The program on the mesh then drops what the unsharded program drops, on any mesh, without
    communication. Use it inside of a ``shard_map`` body; ``jit`` with sharded inputs needs nothing.
    Within, `batch_slice` says which part of the shard's own batch a microbatch is.

    Args:
        spec: how the layers' inputs are sharded, as in ``in_specs``; an axis alone is that of axis 0.
            Layers whose inputs are sharded otherwise get a context of their own.

    Raises:
        ValueOutOfRangeError: KS002, the spec has more entries than a layer's input has axes, or names
            a mesh axis that is not there.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> import keystream as ks
        >>> from jax.sharding import PartitionSpec as P
        >>> layer, streams = ks.linen.Dropout(0.5, deterministic=False), ks.Streams(0, "dropout")
        >>> def body(x):
        ...     with ks.distributed.shard_slice(P("data")):
        ...         return layer.apply({}, x, rngs=streams.rngs(120))
        >>> mesh = jax.sharding.Mesh(jax.devices(), ("data",))
        >>> sharded = jax.shard_map(body, mesh=mesh, in_specs=P("data"), out_specs=P("data"))
        >>> x = jnp.ones((8, 4))
        >>> bool((jax.jit(sharded)(x) == layer.apply({}, x, rngs=streams.rngs(120))).all())
        True
    """
    token = placed.set(_placing(spec, "keystream.distributed.shard_slice"))
    try:
        yield
    finally:
        placed.reset(token)


def _placing(spec: PartitionSpec | Axis, call: str) -> Any:
    """A function from (offset, shape) within the shard to those within the global array."""
    entries = tuple(spec) if isinstance(spec, PartitionSpec) else (spec,)

    def place(offset: Sequence[Any], shape: Sequence[int]) -> tuple[list[Any], list[int]]:
        if len(entries) > len(shape):
            raise ValueOutOfRangeError(
                f"a spec of {len(entries)} entries does not fit an array of {len(shape)} axes",
                where=call,
                why="an element's draw depends on its place in the global array",
                fix="give one entry an axis of what is drawn for, and other layers a context of their"
                " own",
            )
        offsets, whole = list(offset), list(shape)
        for axis, entry in enumerate(entries):
            if not entry:
                continue
            names = _bound(entry, call)
            start = lax.axis_index(names).astype(np.uint32) * np.uint32(whole[axis])
            offsets[axis] = start + np.uint32(offsets[axis])
            whole[axis] *= lax.axis_size(names)
        return offsets, whole

    return place


def _bound(axis: Any, call: str) -> Any:
    """The axis, once the code runs within one of that name (KS002)."""
    try:
        lax.axis_size(axis)
    except (NameError, TypeError) as error:
        raise ValueOutOfRangeError(
            f"there is no mesh axis {axis!r} here",
            where=call,
            why=_WHY,
            fix="call it in the body of jax.shard_map over a mesh with that axis; under jit with sharded"
            " inputs draws need no help",
        ) from error
    return axis


def _names(axis: Axis) -> tuple[str, ...]:
    return (axis,) if isinstance(axis, str) else tuple(axis)


def _varying(key: Any) -> frozenset[str]:
    """The mesh axes along which an array may differ, as far as its type says."""
    kind = jax.typeof(key)
    tracked = getattr(kind, "manual_axis_type", None)  # before JAX 0.10: the type's `vma`
    return frozenset(getattr(kind, "vma", ()) if tracked is None else tracked.varying)
