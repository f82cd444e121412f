"""Exact dropout in one kernel, with a mask of one bit an element for the backward pass.

Hashing once an element is most of the work here, so the backward pass reads 8 decisions from a byte
in place of hashing again. A pass without a gradient writes none.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental import pallas as pl

from keystream import _threefry
from keystream._counter import LAYOUT
from keystream._kernels.tiles import call, row_width

BITS = 8  # rows of a tile; the decisions of a column make a byte, so that no thread asks another


def fits(x: jax.Array) -> bool:
    """Whether the kernel serves an array: its type, and a size that is cut in tiles."""
    return x.dtype in (jnp.float32, jnp.bfloat16) and row_width(x.shape, BITS) > 0


def exact(operands: Any, x: jax.Array, *, interpret: bool) -> jax.Array:
    """``x * factor`` where the exact mask of threefry2x32 is True, else 0: one named call.

    Differentiable in reverse mode, to any order.

    Args:
        operands: key words uint32[2], limit uint32[1] as `Mask.limit` makes it, factor float32[1].
        x: such that it `fits`.
        interpret: run on the CPU.
    """
    return _dropped(interpret, operands, x)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _dropped(interpret: bool, operands: Any, x: jax.Array) -> jax.Array:
    return _named(False, interpret)(operands, x)[0]


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _packed(interpret: bool, operands: Any, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The same, and the bits: differentiable too, since a forward rule is where it is called."""
    return _named(True, interpret)(operands, x)


def _forward(interpret: bool, operands: Any, x: jax.Array) -> tuple[jax.Array, Any]:
    packed: Any = _packed(interpret, operands, x)
    return packed[0], (packed[1], operands[2])


def _backward(interpret: bool, kept: Any, g: jax.Array) -> tuple[None, jax.Array]:
    return None, _masked(interpret, kept, g)


def _packed_forward(interpret: bool, operands: Any, x: jax.Array) -> tuple[Any, Any]:
    packed: Any = _packed(interpret, operands, x)
    return packed, (packed[1], operands[2])


def _packed_backward(interpret: bool, kept: Any, gs: Any) -> tuple[None, jax.Array]:
    return None, _masked(interpret, kept, gs[0])


_dropped.defvjp(_forward, _backward)
_packed.defvjp(_packed_forward, _packed_backward)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _masked(interpret: bool, kept: Any, x: jax.Array) -> jax.Array:
    """``x * factor`` where a bit is 1, else 0; its own transpose."""
    bits, factor = kept
    flat, tile = _flat(x)
    result = jax.ShapeDtypeStruct(flat.shape, flat.dtype)
    arrays = [(bits, (1, tile[1])), (flat, tile)]
    (y,) = call(_apply, [factor], arrays, [(result, tile)], interpret=interpret)
    return y.reshape(x.shape)


_masked.defvjp(
    lambda interpret, kept, x: (_masked(interpret, kept, x), kept),
    lambda interpret, kept, g: (None, _masked(interpret, kept, g)),
)


def _flat(x: jax.Array) -> tuple[jax.Array, tuple[int, int]]:
    width = row_width(x.shape, BITS)
    return x.reshape(-1, width), (BITS, width)


@lru_cache(maxsize=4)
def _named(pack: bool, interpret: bool) -> Any:
    def named(operands: Any, x: jax.Array) -> tuple[jax.Array, ...]:
        flat, tile = _flat(x)
        results = [(jax.ShapeDtypeStruct(flat.shape, flat.dtype), tile)]
        if pack:
            shape = (flat.shape[0] // BITS, tile[1])
            results.append((jax.ShapeDtypeStruct(shape, np.uint8), (1, tile[1])))
        y, *bits = call(_kernel, operands, [(flat, tile)], results, interpret=interpret)
        return (y.reshape(x.shape), *bits)

    named.__name__ = named.__qualname__ = f"ks.dropout.v{LAYOUT}"
    return jax.jit(named, inline=False)


def _kernel(*references: Any) -> None:
    words, limit, factor, x, y, *bits = references
    key, last, scale, width = (words[0], words[1]), limit[0], factor[0], x.shape[1]
    first = pl.program_id(0).astype(np.uint32) * np.uint32(BITS * width)
    column, byte = lax.broadcasted_iota(np.uint32, (width,), 0), np.uint32(0)
    for row in range(BITS):
        low = first + np.uint32(row * width) + column
        high, low = _threefry.block(key, (np.uint32(0), low))
        kept = (high ^ low) <= last
        y[row, :] = _scaled(kept, x[row, :], scale).astype(y.dtype)
        byte = byte | jnp.where(kept, np.uint32(1 << row), np.uint32(0))
    if bits:
        bits[0][0, :] = jnp.asarray(byte).astype(np.uint8)


def _apply(factor: Any, bits: Any, x: Any, y: Any) -> None:
    byte, scale = bits[0, :].astype(np.uint32), factor[0]
    for row in range(BITS):
        kept = (byte & np.uint32(1 << row)) != 0
        y[row, :] = _scaled(kept, x[row, :], scale).astype(y.dtype)


def _scaled(kept: Any, x: Any, scale: Any) -> Any:
    """Selected before it is scaled, as in the reduced kernel."""
    return jnp.where(kept, x.astype(np.float32), np.float32(0)) * scale
