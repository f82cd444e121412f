"""Two 32-bit sums of an array's bits and places, the same on every mesh.

Checkpoint libraries find a file that is cut short; a flipped bit in an array they restore in silence.
A sum of hashed (bits, place) pairs does not depend on the order of its terms, so each device sums what
it holds, and only the sums travel. One changed element is always found: each pair's hash is a
bijection of the element's bits.
"""

from __future__ import annotations

import zlib
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

_GOLDEN: Final = 0x9E3779B9
_SECOND: Final = 0x7FEB352D
_WORDS: Final = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint32}


def leaves_of(state: Any) -> dict[str, Any]:
    """The leaves of a pytree by their paths, such as ``params/Dense_0/kernel``."""
    flat, _ = jax.tree_util.tree_flatten_with_path(state)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in flat}


def kind_of(leaf: Any) -> str:
    """The dtype and shape of a leaf, such as ``float32[3,4]``; of other leaves their type."""
    if hasattr(leaf, "dtype") and hasattr(leaf, "shape"):
        return f"{leaf.dtype}[{','.join(map(str, leaf.shape))}]"
    return type(leaf).__name__


def checksums(leaves: dict[str, Any]) -> dict[str, list[int]]:
    """The two sums of each leaf, in [0, 2**32)."""
    on_devices = {path: leaf for path, leaf in leaves.items() if isinstance(leaf, jax.Array)}
    sums = {path: pair.tolist() for path, pair in jax.device_get(_sums(on_devices)).items()}
    return {path: sums[path] if path in sums else _of_host(leaf) for path, leaf in leaves.items()}


@jax.jit
def _sums(leaves: dict[str, jax.Array]) -> dict[str, jax.Array]:
    return {path: _sum(_bits(leaf)) for path, leaf in leaves.items()}


def _bits(leaf: jax.Array) -> jax.Array:
    """The bits of an array as unsigned integers, with a last axis of words where they are wider."""
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jax.random.key_data(leaf)
    if leaf.dtype == bool or leaf.dtype.itemsize == 0 or "int4" in leaf.dtype.name:
        return leaf.astype(np.uint8)
    if jnp.iscomplexobj(leaf):
        leaf = jnp.stack([leaf.real, leaf.imag], axis=-1)
    return lax.bitcast_convert_type(leaf, _WORDS[leaf.dtype.itemsize])


def _of_host(leaf: Any) -> list[int]:
    if not isinstance(leaf, (np.ndarray, np.generic)) or leaf.dtype.hasobject:
        return [zlib.crc32(repr(leaf).encode()), 0]
    array = np.asarray(leaf)
    array = array.astype(np.uint8) if array.dtype.name in ("bool", "int4", "uint4") else array
    word = np.dtype(_WORDS[4 if array.dtype.kind == "c" else array.dtype.itemsize])
    bits = np.ascontiguousarray(array).reshape(-1).view(word)
    return [int(each) for each in _sum(bits)]


def _sum(bits: Any) -> Any:
    """The sums of words of any shape, uint32[2]; NumPy and JAX run the same lines."""
    numpy: Any = np if isinstance(bits, np.ndarray) else jnp
    place: Any = np.uint32(0)
    if numpy is np:
        place = np.arange(bits.size, dtype=np.uint32).reshape(bits.shape)
    else:  # a stride for each axis, so that a sharded array stays where it is
        stride = 1
        for axis in reversed(range(bits.ndim)):
            along = lax.broadcasted_iota(np.uint32, bits.shape, axis)
            place, stride = place + along * np.uint32(stride % 2**32), stride * bits.shape[axis]
    first = _mixed(bits.astype(np.uint32) + place * _word(_GOLDEN))
    second = _mixed(first ^ (place * _word(_SECOND)))
    return numpy.stack([numpy.sum(each, dtype=np.uint32) for each in (first, second)])


def _mixed(word: Any) -> Any:
    """MurmurHash3's 32-bit finaliser, a bijection."""
    word = (word ^ (word >> _word(16))) * _word(0x85EBCA6B)
    word = (word ^ (word >> _word(13))) * _word(0xC2B2AE35)
    return word ^ (word >> _word(16))


def _word(value: int) -> np.ndarray:
    return np.array(value, np.uint32)  # an array: NumPy warns when a product of scalars wraps
