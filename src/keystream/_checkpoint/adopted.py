"""Roots from the keys of a checkpoint that was written without `Streams`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from keystream._checkpoint.checksum import kind_of, leaves_of
from keystream._streams import Streams
from keystream.errors import UnsupportedKeyError, ValueOutOfRangeError

_CALL: Final = "keystream.checkpoint.adopt"


def adopt(
    stored: Any, *names: str, at: str | Mapping[str, str] | None = None, **options: Any
) -> Streams:
    """Make the keys of an old checkpoint the roots of streams, so that a run can change over.

    Guarantee: no key of these streams is one that the old run drew from, or could have, by folding or
    splitting the adopted key itself (see `Streams`). So nothing is drawn twice across the change.

    Args:
        stored: what was restored: a pytree with keys in it, typed or legacy ``uint32[2]``.
        names: the streams, where one key is adopted for all of them.
        at: where the key is, such as ``rng`` or ``opt/dropout_key``; a mapping from streams to such
            paths adopts a key a stream. It can be left out where there is one key.
        options: of `Streams`, such as ``coordinates`` or ``init``.

    Returns:
        `Streams` with the adopted roots.

    Raises:
        UnsupportedKeyError: KS006, there is no key, or there are several and `at` is missing, or it
            is one of a batch: a run with replicas had one a replica.
        TwinSeedsError: KS009, two streams would adopt one key.
        ValueOutOfRangeError: KS002, `names` and a mapping are given together.

    Example:
        >>> import jax
        >>> import keystream as ks
        >>> old = {"params": {"w": jax.numpy.ones(3)}, "rng": jax.random.PRNGKey(7)}
        >>> ks.checkpoint.adopt(old, "params", "dropout")
        Streams(7, 'params', 'dropout')
    """
    leaves = leaves_of(stored)
    if isinstance(at, Mapping):
        if names:
            raise ValueOutOfRangeError(
                f"stream {names[0]!r} is given in two ways at once",
                where=_CALL,
                why="the mapping names the streams already",
                fix='write adopt(stored, at={"dropout": "rng"}), or adopt(stored, "dropout", at="rng")',
            )
        return Streams({name: _key(leaves, path) for name, path in at.items()}, **options)
    return Streams(_key(leaves, at), *names, **options)


def _key(leaves: Mapping[str, Any], at: str | None) -> jax.Array:
    keys = [path for path, leaf in leaves.items() if _looks_like_key(leaf)]
    if at is None and len(keys) == 1:
        at = keys[0]
    if at in keys:
        return _scalar(leaves[at], at)
    if at is not None and at in leaves:
        raise _refusal(f"{at!r} is no key but {kind_of(leaves[at])}", keys)
    what = "there is no key" if at is None else f"there is nothing at {at!r}"
    raise _refusal(f"there are {len(keys)} keys" if at is None and keys else what, keys)


def _looks_like_key(leaf: Any) -> bool:
    dtype = getattr(leaf, "dtype", None)
    if dtype is None or not isinstance(leaf, (jax.Array, np.ndarray)):
        return False
    legacy = dtype == np.uint32 and leaf.ndim >= 1 and leaf.shape[-1] == 2
    return legacy or jnp.issubdtype(dtype, jax.dtypes.prng_key)


def _scalar(leaf: Any, at: str) -> jax.Array:
    typed = jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    if leaf.ndim == (0 if typed else 1):
        return jnp.asarray(leaf) if not typed else leaf
    shape = leaf.shape if typed else leaf.shape[:-1]
    raise UnsupportedKeyError(
        f"{at!r} is a batch of keys of shape {tuple(shape)}, not one key",
        where=_CALL,
        why="a run with replicas had a key each; which of them goes on is yours to say",
        fix="take one row, such as stored['rng'][0], or a coordinate for the replicas",
    )


def _refusal(what: str, keys: list[str]) -> UnsupportedKeyError:
    return UnsupportedKeyError(
        what,
        where=f"{_CALL} · keys at: {', '.join(keys) or 'none'}",
        why="a stream's root is one key, and which one decides every draw",
        fix=f"name it: adopt(stored, ..., at={keys[0]!r})"
        if keys
        else "take a seed: Streams(0, ...)",
    )
