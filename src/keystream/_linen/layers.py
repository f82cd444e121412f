"""Linen layers over Keystream's draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax

from keystream._draws.batch_slice import current_window
from keystream._draws.dropout import drop_path, dropout
from keystream._draws.noise import gaussian_noise
from keystream._extras import require
from keystream._rate import known_to_be

if TYPE_CHECKING:
    import flax.linen as nn
else:
    nn = require("flax.linen", purpose="keystream.linen")


class Dropout(nn.Dropout):
    """``flax.linen.Dropout``, faster and keeping less for the backward pass.

    Guarantee: for the same key, at the same module path, the same output, bit for bit; arguments and
    stream are those of ``nn.Dropout``, and ``isinstance`` says that it is one. A rate outside [0, 1] is
    refused (KS004).

    Attributes:
        rate: the probability of dropping an element, in [0, 1].
        broadcast_dims: axes along which one draw is shared.
        deterministic: hand the input through.
        rng_collection: the stream to draw from.
        lane_bits: 8 for the mask of one hash for eight elements, as in `keystream.dropout`: not Flax's.
        regenerate: draw the mask again in the backward pass in place of keeping it.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> layer = ks.linen.Dropout(0.5, deterministic=False)
        >>> streams = ks.Streams(0, "params", "dropout")
        >>> layer.apply({}, jnp.ones(4), rngs=streams.rngs(0)).shape
        (4,)
    """

    lane_bits: int | None = None
    regenerate: bool | None = None

    @nn.compact
    def __call__(
        self, inputs: jax.Array, deterministic: bool | None = None, rng: Any = None
    ) -> jax.Array:
        """Run the layer.

        Args:
            inputs: floating-point or complex array of any shape.
            deterministic: hand `inputs` through; given here or to the constructor.
            rng: a key for this call, in place of the stream's.

        Returns:
            An array of the shape and dtype of `inputs`.

        Raises:
            KeystreamError: as `keystream.dropout` does.
            ValueError: `deterministic` was given twice or not at all, as in Flax.
        """
        flag = nn.merge_param("deterministic", self.deterministic, deterministic)
        if flag or known_to_be(self.rate, 0.0):
            return inputs
        where = current_window(inputs.shape)
        options: dict[str, Any] = {"lane_bits": self.lane_bits, "regenerate": self.regenerate}
        # As in Flax a rate of 1 takes no key, so that later draws are what they are there.
        key = None if known_to_be(self.rate, 1.0) else _key(self, rng)
        return dropout(
            key, inputs, self.rate, broadcast_dims=self.broadcast_dims, **options, **where
        )


class DropPath(nn.Module):
    """Stochastic depth: drop the residual branch of whole examples.

    Attributes:
        rate: the probability of dropping an example, in [0, 1]; see `keystream.drop_path_rates`.
        batch_dims: how many leading axes of the input number examples.
        deterministic: hand the input through.
        rng_collection: the stream to draw from.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> layer = ks.linen.DropPath(0.5, deterministic=False)
        >>> streams = ks.Streams(0, "params", "drop_path")
        >>> layer.apply({}, jnp.ones((4, 2)), rngs=streams.rngs(0)).shape
        (4, 2)
    """

    rate: float
    batch_dims: int = 1
    deterministic: bool | None = None
    rng_collection: str = "drop_path"

    @nn.compact
    def __call__(
        self, inputs: jax.Array, deterministic: bool | None = None, rng: Any = None
    ) -> jax.Array:
        """Run the layer; arguments, result and errors are those of `Dropout`."""
        flag = nn.merge_param("deterministic", self.deterministic, deterministic)
        if flag or known_to_be(self.rate, 0.0):
            return inputs
        where = current_window(inputs.shape)
        key = None if known_to_be(self.rate, 1.0) else _key(self, rng)
        return drop_path(key, inputs, self.rate, batch_dims=self.batch_dims, **where)


class GaussianNoise(nn.Module):
    """Normal noise, added or multiplied.

    Attributes:
        scale: the standard deviation of the noise, at least 0.
        multiplicative: multiply by noise of mean 1 in place of adding.
        broadcast_dims: axes along which one draw is shared.
        deterministic: hand the input through.
        rng_collection: the stream to draw from.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> layer = ks.linen.GaussianNoise(0.1, deterministic=False)
        >>> streams = ks.Streams(0, "params", "noise")
        >>> layer.apply({}, jnp.ones(4), rngs=streams.rngs(0)).shape
        (4,)
    """

    scale: float
    multiplicative: bool = False
    broadcast_dims: Sequence[int] = ()
    deterministic: bool | None = None
    rng_collection: str = "noise"

    @nn.compact
    def __call__(
        self, inputs: jax.Array, deterministic: bool | None = None, rng: Any = None
    ) -> jax.Array:
        """Run the layer; arguments and result are those of `Dropout`.

        Raises:
            KeystreamError: as `keystream.gaussian_noise` does.
            ValueError: as `Dropout` does.
        """
        flag = nn.merge_param("deterministic", self.deterministic, deterministic)
        if flag or known_to_be(self.scale, 0.0):
            return inputs
        options = {"broadcast_dims": self.broadcast_dims, **current_window(inputs.shape)}
        kind = self.multiplicative
        return gaussian_noise(_key(self, rng), inputs, self.scale, multiplicative=kind, **options)


def _key(layer: Dropout | DropPath | GaussianNoise, rng: Any) -> Any:
    return layer.make_rng(layer.rng_collection) if rng is None else rng
