"""Scaling what is kept: a linear map that holds a mask, or nothing but a key, for its transpose.

Differentiated as it stands, ``select(mask, x / keep, 0)`` holds the mask and an array of zeros: five
bytes an element of float32. Here the tangent map is rematerialised from its arguments, so that the mask
alone is held (one byte), or, where it is drawn again, the key (none). Being linear in the tangent it
serves forward and reverse mode, and either over the other.
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


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def scaled(keep: float | None, mask: jax.Array, traced_keep: Any, x: jax.Array) -> jax.Array:
    """``x / keep`` where the mask is True, else 0.

    Args:
        keep: the keep probability if it is known, else None. A known one must not become an operand:
            XLA multiplies by its reciprocal, as it does in Flax's program.
        mask: bool, broadcast against `x`.
        traced_keep: the keep probability if it is traced; no gradient flows to it.
        x: what is scaled.
    """
    return _select(keep, mask, traced_keep, x)


@scaled.defjvp
def _scaled_jvp(keep: float | None, primals: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    mask, traced_keep, x = primals
    linear = _from_mask(keep)
    return scaled(keep, mask, traced_keep, x), linear(mask, traced_keep, tangents[2])


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
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
    return _draw_and_select(draw, keep, operands, traced_keep, x)


@drawn_and_scaled.defjvp
def _drawn_and_scaled_jvp(
    draw: Draw, keep: float | None, primals: Any, tangents: Any
) -> tuple[jax.Array, jax.Array]:
    operands, traced_keep, x = primals
    linear = _from_key(draw, keep)
    y = drawn_and_scaled(draw, keep, operands, traced_keep, x)
    return y, linear(operands, traced_keep, tangents[2])


# The same object for the same site, or JAX would trace each one anew.
@lru_cache(maxsize=4096)
def _from_mask(keep: float | None) -> Draw:
    return jax.checkpoint(partial(_select, keep), prevent_cse=False)


@lru_cache(maxsize=4096)
def _from_key(draw: Draw, keep: float | None) -> Draw:
    return jax.checkpoint(partial(_draw_and_select, draw, keep))


def _draw_and_select(
    draw: Draw, keep: float | None, operands: Any, traced_keep: Any, x: jax.Array
) -> jax.Array:
    return _select(keep, draw(*operands), traced_keep, x)


def _select(keep: float | None, mask: jax.Array, traced_keep: Any, x: jax.Array) -> jax.Array:
    if keep is None:
        none = traced_keep <= 0
        mask = mask & ~none  # a limit can't say that nothing is kept
        # The transpose divides what it has set to 0, so 0 must not be the divisor.
        divisor = jnp.where(none, 1, traced_keep).astype(x.dtype)
    else:
        divisor = keep
    mask = jnp.broadcast_to(mask, x.shape, out_sharding=explicit_sharding(x))
    return lax.select(mask, x / divisor, jnp.zeros_like(x))
