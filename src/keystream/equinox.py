"""Equinox layers over Keystream's draws. For keys alone Equinox needs no adapter: `Streams.key`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax

from keystream._draws.batch_slice import current_window
from keystream._draws.dropout import drop_path, dropout
from keystream._draws.noise import gaussian_noise
from keystream._extras import require

if TYPE_CHECKING:
    import equinox as eqx
else:
    eqx = require("equinox", purpose="keystream.equinox")

__all__ = ["DropPath", "Dropout", "GaussianNoise"]

_NO_KEY = "{} requires a key when running in non-deterministic mode."


class Dropout(eqx.nn.Dropout):
    """``equinox.nn.Dropout``, faster and keeping less for the backward pass.

    Guarantee: for the same key the same output, bit for bit; and ``isinstance`` of Equinox's layer, so
    that ``eqx.nn.inference_mode`` finds it. A rate outside [0, 1] is refused when the layer is called,
    and the gradient at rate 1 is 0, where Equinox's is NaN.

    Args:
        p: the probability of dropping an element, in [0, 1].
        inference: hand the input through.
        deterministic: the deprecated name of `inference`.
        lane_bits: 8 for the mask of one hash for eight elements, as in `keystream.dropout`: not
            Equinox's.
        regenerate: draw the mask again in the backward pass in place of keeping it.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> layer = ks.equinox.Dropout(0.5)
        >>> layer(jnp.ones(4), key=ks.Streams(0, "dropout").key("dropout", 0)).shape
        (4,)
    """

    lane_bits: int | None = eqx.field(static=True)
    regenerate: bool | None = eqx.field(static=True)

    def __init__(
        self,
        p: float = 0.5,
        inference: bool = False,
        *,
        deterministic: bool | None = None,
        lane_bits: int | None = None,
        regenerate: bool | None = None,
    ) -> None:
        super().__init__(p, inference, deterministic=deterministic)
        self.lane_bits = lane_bits
        self.regenerate = regenerate

    def __call__(
        self,
        x: jax.Array,
        *,
        key: Any = None,
        inference: bool | None = None,
        deterministic: bool | None = None,
    ) -> jax.Array:
        """Run the layer.

        Args:
            x: floating-point or complex array of any shape.
            key: one key; not needed in inference.
            inference: hand `x` through; the layer's own flag where it is None.
            deterministic: the deprecated name of `inference`.

        Returns:
            An array of the shape and dtype of `x`.

        Raises:
            KeystreamError: as `keystream.dropout` does.
            RuntimeError: there is no key, as in Equinox.
        """
        flag = inference if deterministic is None else deterministic
        if (self.inference if flag is None else flag) or _is_zero(self.p):
            return x
        if key is None:
            raise RuntimeError(_NO_KEY.format("Dropout"))
        options: dict[str, Any] = {"lane_bits": self.lane_bits, "regenerate": self.regenerate}
        return dropout(key, x, self.p, **options, **current_window(x.shape))


class DropPath(eqx.Module):
    """Stochastic depth: drop a residual branch as a whole, or that of each example.

    Attributes:
        rate: the probability of dropping, in [0, 1].
        batch_dims: how many leading axes of the input number examples: 0 under ``vmap``, as is usual
            in Equinox.
        inference: hand the input through.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> layer = ks.equinox.DropPath(0.5)
        >>> layer(jnp.ones(4), key=ks.Streams(0, "drop_path").key("drop_path", 0)).shape
        (4,)
    """

    rate: float
    batch_dims: int = eqx.field(default=0, static=True)
    inference: bool = False

    def __call__(
        self, x: jax.Array, *, key: Any = None, inference: bool | None = None
    ) -> jax.Array:
        """Run the layer; arguments, result and errors are those of `Dropout`."""
        if (self.inference if inference is None else inference) or _is_zero(self.rate):
            return x
        if key is None:
            raise RuntimeError(_NO_KEY.format("DropPath"))
        window = current_window(x.shape) if self.batch_dims else {}
        return drop_path(key, x, self.rate, batch_dims=self.batch_dims, **window)


class GaussianNoise(eqx.Module):
    """Normal noise, added or multiplied.

    Attributes:
        scale: the standard deviation of the noise, at least 0.
        multiplicative: multiply by noise of mean 1 in place of adding.
        inference: hand the input through.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> layer = ks.equinox.GaussianNoise(0.1)
        >>> layer(jnp.ones(4), key=ks.Streams(0, "noise").key("noise", 0)).shape
        (4,)
    """

    scale: float
    multiplicative: bool = eqx.field(default=False, static=True)
    inference: bool = False

    def __call__(
        self, x: jax.Array, *, key: Any = None, inference: bool | None = None
    ) -> jax.Array:
        """Run the layer; arguments, result and errors are those of `Dropout`."""
        if (self.inference if inference is None else inference) or _is_zero(self.scale):
            return x
        if key is None:
            raise RuntimeError(_NO_KEY.format("GaussianNoise"))
        window = current_window(x.shape)
        return gaussian_noise(key, x, self.scale, multiplicative=self.multiplicative, **window)


def _is_zero(value: Any) -> bool:
    return isinstance(value, int | float) and value == 0
