"""The key of a draw: its words and its implementation."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from keystream.errors import UnsupportedKeyError


def read_key(key: Any, call: str) -> tuple[jax.Array, str]:
    """The words of a key, uint32[W], and the name of its implementation.

    Args:
        key: a typed scalar key, or a legacy one of ``jax_default_prng_impl``, traced or not.
        call: the call to name in an error.

    Raises:
        UnsupportedKeyError: KS006, not such a key.
    """
    if isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        if key.ndim == 0:
            return jax.random.key_data(key), str(jax.random.key_impl(key))
        raise _unsupported(f"an array of keys, of shape {key.shape}", call)
    try:
        words = jnp.asarray(key)
        impl = str(jax.random.key_impl(jax.random.wrap_key_data(words)))
    except (TypeError, ValueError) as error:
        shown = " ".join(repr(key).split())  # in one line: that of a key has two
        raise _unsupported(f"{type(key).__name__} {shown:.60}", call) from error
    if words.ndim == 1:
        return words, impl
    raise _unsupported(f"an array of legacy keys, of shape {words.shape[:-1]}", call)


def _unsupported(what: str, call: str) -> UnsupportedKeyError:
    return UnsupportedKeyError(
        f"{what} was given where one key is drawn from",
        where=call,
        why="a draw is a function of one key",
        fix="pass streams.key(name, step), or map over several: jax.vmap(draw)(streams.keys(...), x)",
    )
