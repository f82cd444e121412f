"""Dropout through the kernels where they serve the array, and the plain form where they do not."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from keystream._draws.dropout import dropout
from keystream._draws.inexact import read_inexact
from keystream._draws.keys import read_key
from keystream._draws.lanes import Lanes, factor_of, read_lane_bits
from keystream._draws.mask import Mask, draws_as_we_do
from keystream._draws.window import Window
from keystream._kernels.exact import exact
from keystream._kernels.exact import fits as fits_exact
from keystream._kernels.reduced import fits as fits_reduced
from keystream._kernels.reduced import reduced
from keystream._rate import read_rate


def kernel_dropout(
    key: Any, x: Any, rate: Any, *, lane_bits: int | None = None, interpret: bool = False
) -> jax.Array:
    """``dropout(key, x, rate, lane_bits=lane_bits)`` by a Triton kernel, for NVIDIA GPUs.

    Guarantee: in interpret mode the bits of the plain form, compiled. On a GPU it has not run: its
    machine code has been made and read, nothing has been timed. For arrays on one device: XLA does
    not partition a kernel.

    Args:
        key: as in `dropout`; keys other than threefry2x32 go to the plain form.
        x: as in `dropout`. Arrays of other types than float32 and bfloat16 (with `lane_bits` also
            float16), of a size that is no multiple of 1024 or is 2**32 or more, and, with
            `lane_bits`, of a last axis that is no multiple of 8, go to the plain form. In the
            kernels only reverse mode differentiates.
        rate: as in `dropout`; for the exact mask a traced one goes to the plain form.
        lane_bits: as in `dropout`.
        interpret: run the kernel on the CPU, slowly, to check it.

    Returns:
        An array of the shape and dtype of `x`. The backward pass keeps nothing with `lane_bits`,
        and without one bit an element.

    Raises:
        KeystreamError: as `dropout` does.
    """
    call = "keystream.dropout"
    array, known = read_inexact(x, call), read_rate(rate, call)
    words, impl = read_key(key, call)
    lanes = read_lane_bits(lane_bits, call)
    if isinstance(known, jax.Array):
        keep, varies = 1 - jax.lax.stop_gradient(known.astype(jnp.float32)), True
        served = lanes and known.dtype != jnp.float64
    else:
        keep, varies = 1.0 - known, False
        served = 0.0 < known < 1.0
    whole = Window(array.shape, array.shape)
    if served and lanes and impl == "threefry2x32" and fits_reduced(array):
        limit = jnp.asarray(Lanes(whole, impl, True).limit(keep))
        factor = jnp.asarray(factor_of(keep, array.dtype)).reshape(1)
        return reduced((words, limit, factor), array, some=not varies, interpret=interpret)
    double = jax.dtypes.canonicalize_dtype(np.float64) == np.float64
    if served and not lanes and not double and draws_as_we_do(impl) and fits_exact(array):
        limit = jnp.asarray(Mask(whole, impl, False, True).limit(keep))
        return exact((words, limit, _exact_factor(keep, array.dtype)), array, interpret=interpret)
    return dropout(key, x, rate, lane_bits=lane_bits)


def _exact_factor(keep: Any, dtype: Any) -> jax.Array:
    """What XLA multiplies by where it is to divide by `keep`, which has the type of the array."""
    divisor = np.asarray(keep).astype(dtype).astype(np.float32)
    return jnp.asarray(np.float32(1) / divisor).reshape(1)
