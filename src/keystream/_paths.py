"""Keys below a stream's key, one for each path of a model's graph.

A path is hashed to 62 bits. Part by part with its length and kind: ``ab/c`` is not ``a/bc``, and the
key ``"0"`` of a dictionary not the place 0 of a list. The counter of a path has the top bits ``10``, so
that it meets neither a child that JAX makes of the stream's key (high word 0) nor a batch of `Streams`
(high word 2**32 - 1).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from keystream._counter import LAYOUT
from keystream._derive import batch_below, children

Path = Sequence[object]
Shape = tuple[int, ...]

_MARK, _HASHED = 0b10 << 30, (1 << 30) - 1


def path_counter(path: Path) -> tuple[int, int]:
    """The two words (high, low) of a path's counter.

    Args:
        path: names and places, as ``("blocks", 0, "dropout")``.
    """
    digest = hashlib.sha256(b"".join(map(_encode, path))).digest()
    high, low = int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:8], "big")
    return _MARK | (high & _HASHED), low


def _encode(part: object) -> bytes:
    kind = b"i" if isinstance(part, int) else b"s"
    text = str(part).encode()
    return kind + len(text).to_bytes(8, "big") + text


def path_keys(
    parents: Sequence[jax.Array], paths: Sequence[Path], shapes: Sequence[Shape], impl: str
) -> list[jax.Array]:
    """Keys below parents, by path.

    Args:
        parents: typed scalar keys, one a path.
        paths: the paths.
        shapes: the shape of each path's keys: () for one key, (n,) for those of n replicas.
        impl: the key implementation of all of them.

    Returns:
        Typed keys of these shapes, distinct within each.
    """
    roots = [jax.random.key_data(parent) for parent in parents]
    counters = np.array([path_counter(path) for path in paths], np.uint32).T
    words = _jitted(tuple(shapes), impl)(roots, counters)
    return [jax.random.wrap_key_data(word, impl=impl) for word in words]


@lru_cache(maxsize=256)
def _jitted(shapes: tuple[Shape, ...], impl: str) -> Callable[..., Any]:
    def derive(roots: list[jax.Array], counters: jax.Array) -> list[jax.Array]:
        words = children(jnp.stack(roots), (counters[0], counters[1]), impl)
        return [_shaped(words[place], shape, impl) for place, shape in enumerate(shapes)]

    derive.__name__ = derive.__qualname__ = f"ks.path.v{LAYOUT}"
    return jax.jit(derive, inline=False)


def _shaped(words: jax.Array, shape: Shape, impl: str) -> jax.Array:
    if not shape:
        return words
    return batch_below(words, math.prod(shape), impl).reshape(*shape, *words.shape)
