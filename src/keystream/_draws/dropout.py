"""Dropout, and stochastic depth, which is dropout of whole examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from keystream._draws.inexact import read_inexact
from keystream._draws.kept import drawn_and_scaled, scaled
from keystream._draws.keys import read_key
from keystream._draws.lanes import lanes_of, read_lane_bits, rescaled
from keystream._draws.mask import mask_of
from keystream._draws.window import read_window
from keystream._names import as_integer
from keystream._rate import read_rate
from keystream.errors import ValueOutOfRangeError

_NO_KEEP = np.float32(1)  # in the place of a traced keep probability where it is known


def dropout(
    key: Any,
    x: Any,
    rate: Any,
    *,
    broadcast_dims: Sequence[int] = (),
    lane_bits: int | None = None,
    regenerate: bool | None = None,
    index_offset: Sequence[Any] | None = None,
    global_shape: Sequence[int] | None = None,
) -> jax.Array:
    """Set elements to zero with a probability, and scale up the others so that means stay.

    Guarantee: for one key the output of ``flax.linen.Dropout``, ``flax.nnx.Dropout`` and
    ``equinox.nn.Dropout``, bit for bit, on every platform and mesh. With `lane_bits` the mask is
    another one, as random and as exact in its rate, and the same everywhere too.

    Args:
        key: one key, typed or legacy.
        x: floating-point or complex array of any shape.
        rate: the probability of dropping an element: a number in [0, 1], or a JAX floating-point
            scalar, traced or not. Of a JAX scalar the value is not checked: below 0 nothing is dropped
            but all is scaled, above 1 all is, NaN makes all NaN; no gradient flows to it.
        broadcast_dims: axes along which one draw is shared: (1,) for an array [batch, time,
            features] drops a feature at all times at once.
        lane_bits: 8 hashes once for eight consecutive elements of the last axis, meant for GPUs; on
            CPU it is no faster to speak of. Shards of the last axis should be multiples of 8.
        regenerate: draw the mask again in the backward pass, from the key, in place of keeping it.
            Kept, it costs one byte an element. None is False, with `lane_bits` True.
        index_offset: with `global_shape`: `x` is the part of a global array that begins at this
            place, one integer an axis. What is drawn is that part of the global array's mask. Of a
            JAX scalar the value is not checked.
        global_shape: the shape of the global array.

    Returns:
        An array of the shape and dtype of `x`. At rate 0 `x` itself, at rate 1 zeros; nothing is
        drawn then.

    Raises:
        RateOutOfRangeError: KS004, the rate is not a number in [0, 1].
        ValueOutOfRangeError: KS002, `x` holds integers, or axes, offset or shape do not fit it, or
            `lane_bits` is another number, or an axis is longer than 2**32.
        UnsupportedKeyError: KS006, what was given is not one key.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> streams = ks.Streams(0, "dropout")
        >>> ks.dropout(streams.key("dropout", 0), jnp.ones((2, 4)), 0.5)
        Array([[2., 0., 2., 0.],
               [2., 2., 2., 0.]], dtype=float32)

    Source:
        Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: a simple way to prevent
        neural networks from overfitting" (JMLR 15, 2014), section 10: scaled while training.
    """
    call = "keystream.dropout"
    x = read_inexact(x, call)
    known = read_rate(rate, call)
    if not isinstance(known, jax.Array) and known in (0.0, 1.0):
        return x if known == 0.0 else jnp.zeros_like(x)
    window, offset = read_window(x, broadcast_dims, index_offset, global_shape, call)
    words, impl = read_key(key, call)
    keep, traced_keep = _keep(known)
    probability = traced_keep if keep is None else keep
    if read_lane_bits(lane_bits, call):
        draw = lanes_of(window, impl, offset)
        x, keep, traced_keep = rescaled(x, probability), 1.0, _NO_KEEP
        regenerate = True if regenerate is None else regenerate
    else:
        draw = mask_of(window, impl, probability)
    operands = (words, draw.limit(probability), offset)
    if regenerate:
        return drawn_and_scaled(draw, keep, operands, traced_keep, x)
    return scaled(keep, draw(*operands), traced_keep, x)


def drop_path(
    key: Any,
    x: Any,
    rate: Any,
    *,
    batch_dims: int = 1,
    regenerate: bool = False,
    index_offset: Sequence[Any] | None = None,
    global_shape: Sequence[int] | None = None,
) -> jax.Array:
    """Stochastic depth: drop whole examples of a residual branch, and scale up the others.

    Guarantee: the output of ``dropout(key, x, rate, broadcast_dims=...)`` over all axes but the first
    `batch_dims`.

    Args:
        key: as in `dropout`.
        x: a residual branch, [batch, ...].
        rate: as in `dropout`; `drop_path_rates` gives the usual one for each block.
        batch_dims: how many leading axes number examples: 0 where ``vmap`` has taken them away.
        regenerate: as in `dropout`.
        index_offset: as in `dropout`.
        global_shape: as in `dropout`.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        KeystreamError: as `dropout` does; KS002 also where `x` has fewer axes than `batch_dims`.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> branch = jnp.ones((4, 2))
        >>> ks.drop_path(ks.Streams(0, "drop_path").key("drop_path", 0), branch, 0.5)
        Array([[0., 0.],
               [0., 0.],
               [0., 0.],
               [2., 2.]], dtype=float32)

    Source:
        Huang, Sun, Liu, Sedra, Weinberger, "Deep networks with stochastic depth" (ECCV 2016),
        equation 2; scaled while training, as in timm's ``drop_path``.
    """
    call = "keystream.drop_path"
    x = read_inexact(x, call)
    batch = as_integer(batch_dims, "batch_dims", call, "it is a number of axes")
    if not 0 <= batch <= x.ndim:
        raise ValueOutOfRangeError(
            f"batch_dims {batch} is outside [0, {x.ndim}]",
            where=call,
            why="the leading axes of the array number its examples",
            fix="count the axes that number examples; it is 0 under vmap",
        )
    return dropout(
        key,
        x,
        rate,
        broadcast_dims=tuple(range(batch, x.ndim)),
        regenerate=regenerate,
        index_offset=index_offset,
        global_shape=global_shape,
    )


def drop_path_rates(rate: float, depth: int) -> tuple[float, ...]:
    """The linear schedule of stochastic depth: from 0 at the first block to `rate` at the last.

    Args:
        rate: of the last block, in [0, 1].
        depth: how many blocks, at least 1; a single one has the whole rate.

    Returns:
        One rate a block.

    Raises:
        RateOutOfRangeError: KS004, the rate is not a number in [0, 1].
        ValueOutOfRangeError: KS002, the depth is not a positive integer.

    Example:
        >>> import keystream as ks
        >>> ks.drop_path_rates(0.2, 3)
        (0.0, 0.1, 0.2)

    Source:
        Huang et al. (ECCV 2016), equation 4, with the first block never dropped, as in timm.
    """
    call = "keystream.drop_path_rates"
    rate = float(read_rate(rate, call))
    blocks = as_integer(depth, "depth", call, "it is a number of blocks")
    if blocks < 1:
        raise ValueOutOfRangeError(
            f"depth {blocks} is below 1",
            where=call,
            why="it is a number of blocks",
            fix="pass how many blocks the model has",
        )
    if blocks == 1:
        return (rate,)
    return tuple(rate * place / (blocks - 1) for place in range(blocks))


def _keep(rate: float | jax.Array) -> tuple[float | None, Any]:
    """The keep probability where it is known, else None; and where it is traced."""
    if not isinstance(rate, jax.Array):
        return 1.0 - rate, _NO_KEEP
    wide = rate if rate.dtype == jnp.float64 else rate.astype(jnp.float32)
    return None, 1 - lax.stop_gradient(wide)
