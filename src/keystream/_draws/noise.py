"""Gaussian noise, added or multiplied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from keystream import _lax_words
from keystream._counter import LAYOUT
from keystream._draws.inexact import read_inexact
from keystream._draws.keys import read_key
from keystream._draws.mask import draws_as_we_do
from keystream._draws.window import Window, explicit_sharding, read_window
from keystream._internals import outlined
from keystream._rate import refuse_key
from keystream.errors import ValueOutOfRangeError

_LOWEST = np.nextafter(np.float32(-1), np.float32(0))


def gaussian_noise(
    key: Any,
    x: Any,
    scale: Any,
    *,
    multiplicative: bool = False,
    broadcast_dims: Sequence[int] = (),
    index_offset: Sequence[Any] | None = None,
    global_shape: Sequence[int] | None = None,
) -> jax.Array:
    """Add normal noise to an array, or multiply the array by noise of mean 1.

    Guarantee: with ``n = jax.random.normal(key, x.shape, x.dtype)``, bit for bit, the result is
    ``x + scale * n`` or ``x * (1 + scale * n)``, which XLA rounds as it compiles it. The backward pass
    keeps no noise: where it needs it (multiplied, or a traced `scale`), it draws it again.

    Args:
        key: one key, typed or legacy.
        x: floating-point or complex array of any shape.
        scale: the standard deviation of the noise, relative to `x` where it is multiplied: a finite
            number, at least 0, or a JAX floating-point scalar, traced or not, whose value is not
            checked and to which gradients flow.
        multiplicative: multiply in place of adding.
        broadcast_dims: axes along which one draw is shared.
        index_offset: with `global_shape`: `x` is the part of a global array that begins at this
            place; the noise is that part of the global array's.
        global_shape: the shape of the global array.

    Returns:
        An array of the shape and dtype of `x`; at scale 0 `x` itself.

    Raises:
        ValueOutOfRangeError: KS002, the scale is not such a number, `x` holds integers, or axes,
            offset or shape do not fit it.
        UnsupportedKeyError: KS006, what was given is not one key.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> key = ks.Streams(0, "noise").key("noise", 0)
        >>> ks.gaussian_noise(key, jnp.zeros(3), 0.1).shape
        (3,)

    Source:
        Srivastava et al. (JMLR 15, 2014), section 10.3, for multiplied noise; a dropout of rate p has
        the variance of ``scale = sqrt(p / (1 - p))``.
    """
    call = "keystream.gaussian_noise"
    x = read_inexact(x, call)
    known, traced = _read_scale(scale, call)
    if known == 0.0:
        return x
    window, offset = read_window(x, broadcast_dims, index_offset, global_shape, call)
    words, impl = read_key(key, call)
    hashed = window.known and draws_as_we_do(impl) and x.dtype == jnp.float32
    normal = Normal(window, impl, x.dtype.name, hashed)
    return _noisy(Noise(normal, known, multiplicative), (words, offset), traced, x)


@dataclass(frozen=True)
class Normal:
    """The draw of standard normal numbers, but for its operands.

    Args:
        window: which elements.
        impl: the key implementation.
        dtype: the name of the result's dtype.
        hashed: whether our own hash has JAX's bits.
    """

    window: Window
    impl: str
    dtype: str
    hashed: bool

    def __call__(self, words: jax.Array, offset: Any) -> jax.Array:
        """Draw: one named call, an array of the window's shape."""
        return _named(self)(words, offset)


@dataclass(frozen=True)
class Noise:
    """What is done with the numbers.

    Args:
        normal: the draw.
        scale: the standard deviation if it is known, else None.
        multiplicative: whether the noise is multiplied.
    """

    normal: Normal
    scale: float | None
    multiplicative: bool

    def apply(self, operands: Any, traced_scale: Any, x: jax.Array) -> jax.Array:
        """The noisy `x`."""
        noise = self._scaled(self.normal(*operands), traced_scale, x)
        return x * (1 + noise) if self.multiplicative else x + noise

    def tangent(self, operands: Any, traced_scale: Any, x: Any, tangents: Any) -> jax.Array:
        """The tangent of `apply` for those of the traced scale and of `x`.

        A known scale has none, and then `x` need not be kept.
        """
        scale_tangent, x_tangent = tangents
        if self.scale is not None and not self.multiplicative:
            return x_tangent
        normal = self.normal(*operands)
        noise = self._scaled(normal, traced_scale, x_tangent)
        linear = x_tangent * (1 + noise) if self.multiplicative else x_tangent
        if self.scale is not None:
            return linear
        moved = _spread(normal, x_tangent) * scale_tangent.astype(x_tangent.dtype)
        return linear + (x * moved if self.multiplicative else moved)

    def _scaled(self, normal: jax.Array, traced_scale: Any, like: jax.Array) -> jax.Array:
        scale = traced_scale.astype(like.dtype) if self.scale is None else self.scale
        return scale * _spread(normal, like)


def _spread(normal: jax.Array, like: jax.Array) -> jax.Array:
    return jnp.broadcast_to(normal, like.shape, out_sharding=explicit_sharding(like))


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _noisy(noise: Noise, operands: Any, traced_scale: Any, x: jax.Array) -> jax.Array:
    return noise.apply(operands, traced_scale, x)


@_noisy.defjvp
def _noisy_jvp(noise: Noise, primals: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    operands, traced_scale, x = primals
    needed = x if noise.scale is None and noise.multiplicative else None
    linear = jax.checkpoint(noise.tangent)
    y = _noisy(noise, operands, traced_scale, x)
    return y, linear(operands, traced_scale, needed, tangents[1:])


@lru_cache(maxsize=4096)
def _named(normal: Normal) -> Callable[..., jax.Array]:
    draw = outlined(partial(_hash, normal.window)) if normal.hashed else partial(_ask_jax, normal)

    def named(words: jax.Array, offset: Any) -> jax.Array:
        return draw(words, offset)

    named.__name__ = named.__qualname__ = f"ks.normal.v{LAYOUT}"
    return jax.jit(named, inline=False)


def _hash(window: Window, words: Any, offset: Any) -> jax.Array:
    """The numbers that ``jax.random.normal`` makes of the same words, by its formula.

    A uniform number of 23 bits in [1, 2), shifted and stretched onto (-1, 1), through the inverse of
    the error function. The stretch is by 2, so no rounding depends on how it is compiled.
    """
    high, low = _lax_words.block((words[0], words[1]), window.counters(offset))
    pattern = ((high ^ low) >> 9) | np.float32(1).view(np.uint32)
    unit = lax.bitcast_convert_type(pattern, jnp.float32) - np.float32(1)
    uniform = lax.max(_LOWEST, unit * np.float32(2) + _LOWEST)
    return np.float32(np.sqrt(2)) * lax.erf_inv(uniform)


def _ask_jax(normal: Normal, words: Any, offset: Any) -> jax.Array:
    """JAX's own numbers of the whole, and of them the part."""
    key = jax.random.wrap_key_data(words, impl=normal.impl)
    window = normal.window
    whole = jax.random.normal(key, window.global_shape, normal.dtype)
    return window.cut(whole, offset)


def _read_scale(scale: Any, call: str) -> tuple[float | None, Any]:
    """The scale where it is known, else None; and where it is traced."""
    says = "scale is a key: the first argument is the key, the scale comes after the array"
    refuse_key(scale, says, f"{call}(key, x, 0.1)", call)
    if isinstance(scale, jax.Array):
        if scale.ndim == 0 and jnp.issubdtype(scale.dtype, jnp.floating):
            return None, scale
        shown = f"an array of shape {scale.shape} and dtype {scale.dtype}"
    else:
        shown = repr(scale)
        try:
            number = float(scale)
            if not isinstance(scale, str) and 0.0 <= number < float("inf"):
                return number, np.float32(0)
        except (TypeError, ValueError, OverflowError):
            pass
    raise ValueOutOfRangeError(
        f"scale is {shown}, but must be a finite number, at least 0",
        where=call,
        why="it is the standard deviation of the noise",
        fix="pass such as 0.1",
    )
