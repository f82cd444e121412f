"""Streams for Flax NNX: an ``nnx.Rngs`` for a step, and fresh keys for the ones a model holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from keystream._extras import require
from keystream._paths import path_keys
from keystream._streams import Streams, check_streams
from keystream.errors import UndeclaredStreamError, ValueOutOfRangeError

if TYPE_CHECKING:
    from flax import nnx
else:
    nnx = require("flax.nnx", purpose="keystream.nnx")

__all__ = ["init_rngs", "reseed", "rngs"]


def init_rngs(streams: Streams, /, **coordinates: Any) -> nnx.Rngs:
    """An ``nnx.Rngs`` of every declared stream, to build a model with.

    There is no ``default`` among its streams unless one is declared, so a layer that asks for a stream
    nobody declared fails, where ``nnx.Rngs(0)`` would serve it from ``default`` in silence. With
    per-stream seeds the model is that of ``nnx.Rngs(params=0, dropout=1)``, weight for weight.

    Args:
        streams: the declared streams.
        coordinates: as in `Streams.key`.

    Returns:
        An ``nnx.Rngs`` whose counts are 0.

    Raises:
        KeystreamError: as `Streams.init_rngs` does.

    Example:
        >>> import keystream as ks
        >>> from flax import nnx
        >>> streams = ks.Streams(0, "params", "dropout")
        >>> layer = nnx.Linear(4, 2, rngs=ks.nnx.init_rngs(streams))
    """
    check_streams(streams, "keystream.nnx.init_rngs")
    return nnx.Rngs(streams.init_rngs(**coordinates))


def rngs(streams: Streams, step: Any, /, **coordinates: Any) -> nnx.Rngs:
    """An ``nnx.Rngs`` of the run-time streams at a step, to call a model with.

    Streams for ``init`` alone are left out, as in `Streams.rngs`.

    Args:
        streams: the declared streams.
        step: as in `Streams.key`; traced or not.
        coordinates: as in `Streams.key`.

    Returns:
        An ``nnx.Rngs`` whose counts are 0.

    Raises:
        KeystreamError: as `Streams.rngs` does.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> from flax import nnx
        >>> streams = ks.Streams(0, "params", "dropout")
        >>> nnx.Dropout(0.5)(jnp.ones(4), rngs=ks.nnx.rngs(streams, 120)).shape
        (4,)
    """
    check_streams(streams, "keystream.nnx.rngs")
    return nnx.Rngs(streams.rngs(step, **coordinates))


def reseed(model: Any, streams: Streams, step: Any, /, **coordinates: Any) -> None:
    """Give every ``nnx.RngStream`` that a model holds its key for a step, in place.

    The draws of a call then depend on stream, step, coordinates and the layer's place in the model, and
    on nothing that happened before: no count has to be saved with a checkpoint.

    Guarantee: streams of one tag at different paths get different keys, but for a clash of 62-bit
    hashes of the paths, and the keys of a batched stream (a model made under ``nnx.vmap``, the layers
    of an ``nnx.scan``) differ from each other. A key does not depend on the other streams of the
    model, where ``nnx.reseed`` counts them: there a layer more is other keys for those after it.

    Use it where a step begins, eagerly or inside ``nnx.jit``, ``nnx.grad`` or an ``nnx.scan`` over
    steps. Where ``nnx.vmap`` or ``nnx.scan`` maps over the model itself, call it outside: a replica
    inside does not know which one it is, unless a coordinate says so.

    Args:
        model: an ``nnx.Module``, or a list or dictionary of them. Paths begin here: reseed the same
            object at every step. A stream that is shared is taken at its first path.
        streams: the declared streams; they must include the tag of every stream in the model.
        step: as in `Streams.key`; traced or not.
        coordinates: as in `Streams.key`.

    Raises:
        UndeclaredStreamError: KS001, the model holds a stream that is not declared; nothing has been
            changed then.
        ValueOutOfRangeError: KS002, a value is out of range, or what was given is no module.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> from flax import nnx
        >>> streams = ks.Streams(0, "params", "dropout")
        >>> model = nnx.Dropout(0.5, rngs=ks.nnx.init_rngs(streams))
        >>> ks.nnx.reseed(model, streams, 120)
        >>> first = model(jnp.ones(64))
        >>> ks.nnx.reseed(model, streams, 120)
        >>> bool((model(jnp.ones(64)) == first).all())
        True
    """
    check_streams(streams, "keystream.nnx.reseed")
    found = _held(model)
    for path, stream in found:
        _check_declared(streams, stream.tag, path)
    tags = dict.fromkeys(stream.tag for _, stream in found)
    parents = {tag: streams.key(tag, step, **coordinates) for tag in tags}
    if not found:
        return
    keys = path_keys(
        [parents[stream.tag] for _, stream in found],
        [path for path, _ in found],
        [stream.key.shape for _, stream in found],
        streams.declaration.impl,
    )
    for (_, stream), key in zip(found, keys, strict=True):
        _set(stream, key)


def _held(model: Any) -> list[tuple[tuple[Any, ...], nnx.RngStream]]:
    """The streams of a model, each once, with its path."""
    nodes = [(path, node) for path, node in nnx.iter_graph(model)]
    found = [(path, node) for path, node in nodes if isinstance(node, nnx.RngStream)]
    if not found and not any(isinstance(node, nnx.Module) for _, node in nodes):
        raise ValueOutOfRangeError(
            f"a {type(model).__name__} holds no nnx.Module",
            where="keystream.nnx.reseed(model, streams, step)",
            why="streams are found by walking the modules of a model; here there is none to reseed",
            fix="pass the model itself; of its parts: model = nnx.merge(graphdef, state)",
        )
    return found


def _check_declared(streams: Streams, tag: str, path: tuple[Any, ...]) -> None:
    place = f"keystream.nnx.reseed · {'/'.join(map(str, path)) or 'the model itself'}"
    if tag == "default" and tag not in streams.names:
        raise UndeclaredStreamError(
            "stream 'default' is not declared",
            where=f"{place} · declared: {', '.join(streams.names)}",
            why="the model was built with nnx.Rngs(seed), which serves any stream from 'default'",
            fix="build it with named streams: Model(rngs=ks.nnx.init_rngs(streams))",
        )
    streams.declaration.check_stream(tag, place)


def _set(stream: nnx.RngStream, key: jax.Array) -> None:
    stream.key.set_value(key)
    stream.count.set_value(jnp.zeros(key.shape, jnp.uint32))
