"""Scaling what is kept: a linear map that holds a mask, or nothing but a key, for its transpose.

Differentiated as it stands, ``select(mask, x / keep, 0)`` holds the mask and an array of zeros: five
bytes an element of float32. Here the tangent map of the selection is rematerialised from its arguments,
so that the mask alone is held (one byte), or, where it is drawn again, the key (none). Being linear in
the tangent it serves forward and reverse mode, and either over the other.

The selection is jitted, and inlined where it is traced, because JAX then differentiates it once a shape
and not once a site, which would be most of the time that a site takes to trace. The division stays
outside, where it is Flax's: XLA makes a product of it where the divisor is compiled in, and an eager
division stays one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import jax
from jax import lax
from jax import numpy as jnp

from keystream._draws.window import explicit_sharding

Draw = Callable[..., jax.Array]  # hashable: `mask.Mask` or `lanes.Lanes`


def scaled(keep: float | None, mask: jax.Array, traced_keep: Any, x: jax.Array) -> jax.Array:
    """``x / keep`` where the mask is True, else 0.

    Args:
        keep: the keep probability if it is known, else None. A known one must not become an operand:
            XLA multiplies by its reciprocal, as it does in Flax's program.
        mask: bool, broadcast against `x`.
        traced_keep: the keep probability if it is traced; no gradient flows to it.
        x: what is scaled.
    """
    if keep is None:
        mask = mask & _some(traced_keep)
    return _selected(mask, _divided(keep, traced_keep, x))


def drawn_and_scaled(
    draw: Draw, keep: float | None, operands: Any, traced_keep: Any, x: jax.Array
) -> jax.Array:
    """The same with a mask that is drawn here, and drawn again wherever the derivative needs it.

    Args:
        draw: the mask.
        keep: as in `scaled`.
        operands: of the draw: key words, limit and offset.
        traced_keep: as in `scaled`.
        x: what is scaled.
    """
    some = None if keep is not None else _some(traced_keep)
    return _drawn_and_selected(draw, operands, some, _divided(keep, traced_keep, x))


def _some(traced_keep: Any) -> Any:
    """Whether anything is kept, which a limit can't say. NaN keeps all."""
    return ~(traced_keep <= 0)


def _divided(keep: float | None, traced_keep: Any, x: jax.Array) -> jax.Array:
    if keep == 1.0:
        return x
    if keep is not None:
        return x / keep
    # The transpose divides what it has set to 0, so 0 must not be the divisor.
    return x / jnp.where(_some(traced_keep), traced_keep, 1).astype(x.dtype)


def _select(mask: jax.Array, x: jax.Array) -> jax.Array:
    mask = jnp.broadcast_to(mask, x.shape, out_sharding=explicit_sharding(x))
    return lax.select(mask, x, jnp.zeros_like(x))


def _draw_and_select(draw: Draw, operands: Any, some: Any, x: jax.Array) -> jax.Array:
    mask = draw(*operands)
    return _select(mask if some is None else mask & some, x)


_linear = jax.checkpoint(_select, prevent_cse=False)


# The same object for the same site, or JAX would trace each one anew.
@lru_cache(maxsize=4096)
def _linear_from_key(draw: Draw) -> Draw:
    return jax.checkpoint(partial(_draw_and_select, draw))


@jax.custom_jvp
def _select_linearly(mask: jax.Array, x: jax.Array) -> jax.Array:
    return _select(mask, x)


@_select_linearly.defjvp
def _select_jvp(primals: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    mask, x = primals
    return _select_linearly(mask, x), _linear(mask, tangents[1])


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _draw_and_select_linearly(draw: Draw, operands: Any, some: Any, x: jax.Array) -> jax.Array:
    return _draw_and_select(draw, operands, some, x)


@_draw_and_select_linearly.defjvp
def _draw_and_select_jvp(draw: Draw, primals: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    operands, some, x = primals
    y = _draw_and_select_linearly(draw, operands, some, x)
    return y, _linear_from_key(draw)(operands, some, tangents[2])


_selected = jax.jit(_select_linearly, inline=True)
_drawn_and_selected = jax.jit(_draw_and_select_linearly, static_argnums=0, inline=True)
