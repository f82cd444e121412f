"""Reduced-bit dropout in one kernel: it reads the array and writes the result, and stores no mask.

The map is its own transpose, so the backward pass is the same kernel on the gradient.
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
from keystream._draws.lanes import LANES, TAG, lane_word
from keystream._kernels.tiles import call, rows_a_program


def fits(x: jax.Array) -> bool:
    """Whether the kernel serves an array: its type, whole blocks in rows, enough of them."""
    return (
        x.dtype in (jnp.float32, jnp.bfloat16, jnp.float16) and rows_a_program(x.shape, LANES) > 0
    )


def reduced(operands: Any, x: jax.Array, *, some: bool, interpret: bool) -> jax.Array:
    """``x * factor`` where the reduced-bit mask of threefry2x32 is True, else 0: one named call.

    Differentiable in reverse mode, to any order.

    Args:
        operands: key words uint32[2], limit uint32[2] as `Lanes.limit` makes it, factor float32[1].
        x: such that it `fits`.
        some: whether it is known that the keep probability is not 0, which saves an instruction.
        interpret: run on the CPU.
    """
    return _linear(some, interpret, operands, x)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _linear(some: bool, interpret: bool, operands: Any, x: jax.Array) -> jax.Array:
    return _named(some, interpret)(operands, x)


@lru_cache(maxsize=4)
def _named(some: bool, interpret: bool) -> Any:
    def named(operands: Any, x: jax.Array) -> jax.Array:
        rows, flat = rows_a_program(x.shape, LANES), x.reshape(-1, LANES)
        tile, result = (rows, LANES), jax.ShapeDtypeStruct(flat.shape, flat.dtype)
        kernel = partial(_kernel, rows, some)
        (y,) = call(kernel, operands, [(flat, tile)], [(result, tile)], interpret=interpret)
        return y.reshape(x.shape)

    named.__name__ = named.__qualname__ = f"ks.dropout8.v{LAYOUT}"
    return jax.jit(named, inline=False)


def _forward(some: bool, interpret: bool, operands: Any, x: jax.Array) -> tuple[jax.Array, Any]:
    return _linear(some, interpret, operands, x), operands


def _backward(some: bool, interpret: bool, operands: Any, g: jax.Array) -> tuple[None, jax.Array]:
    return None, _linear(some, interpret, operands, g)


_linear.defvjp(_forward, _backward)


def _kernel(rows: int, some: bool, *references: Any) -> None:
    words, limit, factor, x, y = references
    first = pl.program_id(0).astype(np.uint32) * np.uint32(rows)
    low = first + lax.broadcasted_iota(np.uint32, (rows, 1), 0)
    block = _threefry.block((words[0], words[1]), (np.uint32(TAG), low))
    word = lane_word(block, lax.broadcasted_iota(np.uint32, (rows, LANES), 1))
    if not some:
        word = word | (limit[1] - 1)  # 0 where some are kept, else all ones, above the limit
    # Selected before it is scaled: after it, the compiler would select halves of packed bfloat16.
    wide = jnp.where(word <= limit[0], x[...].astype(np.float32), np.float32(0))
    y[...] = (wide * factor[0]).astype(y.dtype)
