"""How an array is cut for a kernel: rows of consecutive elements, so many rows a program."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import jax
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton

_TILE = 2048  # elements that a program works on, with 4 warps: 16 a thread
_LEAST = 1024  # fewer would leave threads without work that is worth the start
_WARPS = 4


def rows_a_program(shape: Sequence[int], width: int) -> int:
    """How many rows a program takes, a power of two; 0 where the array is not cut in such rows.

    Args:
        shape: of the array, whose last axis must be whole rows.
        width: of a row, a power of two.
    """
    size = math.prod(shape)
    if not shape or shape[-1] % width or not 0 < size < 2**32:
        return 0
    rows = math.gcd(size // width, _TILE // width)
    return rows if rows * width >= _LEAST else 0


def row_width(shape: Sequence[int], rows: int) -> int:
    """How wide a row is where a program takes so many; 0 where the array is not cut in such tiles.

    Args:
        shape: of the array, of which the size alone counts.
        rows: of a tile, a power of two.
    """
    size = math.prod(shape)
    if size % rows or not 0 < size < 2**32:
        return 0
    width = math.gcd(size // rows, _TILE // rows)
    return width if rows * width >= _LEAST else 0


def call(
    kernel: Callable[..., None],
    operands: Sequence[jax.Array],
    arrays: Sequence[tuple[jax.Array, Sequence[int]]],
    results: Sequence[tuple[jax.ShapeDtypeStruct, Sequence[int]]],
    *,
    interpret: bool,
) -> list[jax.Array]:
    """Run a kernel over the tiles of arrays.

    Args:
        kernel: of references: the operands whole, then a tile of each array and of each result.
        operands: short vectors that every program reads, each of a power of two entries.
        arrays: each with the shape of its tile. Tiles lie one below the other, along the first axis;
            all have as many.
        results: what is made, in the same manner.
        interpret: run it on the CPU, slowly, to check it.
    """
    first, tile = results[0]
    # Without parameters of its own JAX takes a GPU kernel for one of Mosaic.
    return pl.pallas_call(
        kernel,
        out_shape=[result for result, _ in results],
        grid=(first.shape[0] // tile[0],),
        in_specs=[
            *(pl.BlockSpec(each.shape, lambda i: (0,)) for each in operands),
            *(_below(tile) for _, tile in arrays),
        ],
        out_specs=[_below(tile) for _, tile in results],
        compiler_params=triton.CompilerParams(num_warps=_WARPS),
        interpret=interpret,
    )(*operands, *(array for array, _ in arrays))


def _below(tile: Sequence[int]) -> pl.BlockSpec:
    return pl.BlockSpec(tuple(tile), lambda i: (i,) + (0,) * (len(tile) - 1))
