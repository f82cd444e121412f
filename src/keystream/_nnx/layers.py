"""NNX layers over Keystream's draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import jax

from keystream._draws.batch_slice import current_window
from keystream._draws.dropout import drop_path, dropout
from keystream._draws.noise import gaussian_noise
from keystream._extras import require
from keystream._rate import known_to_be

if TYPE_CHECKING:
    from flax import nnx
else:
    nnx = require("flax.nnx", purpose="keystream.nnx")


class Dropout(nnx.Dropout):
    """``nnx.Dropout``, faster and keeping less for the backward pass.

    Guarantee: for the same key the same output, bit for bit; arguments, modes and streams are those of
    ``nnx.Dropout``, and ``isinstance`` says that it is one. A rate outside [0, 1] is refused (KS004).

    Args:
        rate: the probability of dropping an element, in [0, 1].
        broadcast_dims: axes along which one draw is shared.
        deterministic: hand the input through; ``model.train()`` and ``model.eval()`` set it.
        rng_collection: the stream to draw from.
        rngs: streams, or a stream, of the layer's own.
        lane_bits: 8 for the mask of one hash for eight elements, as in `keystream.dropout`: not Flax's.
        regenerate: draw the mask again in the backward pass in place of keeping it.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> streams = ks.Streams(0, "params", "dropout")
        >>> ks.nnx.Dropout(0.5)(jnp.ones(4), rngs=ks.nnx.rngs(streams, 0)).shape
        (4,)
    """

    def __init__(
        self,
        rate: float,
        *,
        broadcast_dims: Sequence[int] = (),
        deterministic: bool = False,
        rng_collection: str = "dropout",
        rngs: Any = None,
        lane_bits: int | None = None,
        regenerate: bool | None = None,
    ) -> None:
        mode: dict[str, Any] = {"deterministic": deterministic, "rng_collection": rng_collection}
        super().__init__(rate, broadcast_dims=broadcast_dims, rngs=rngs, **mode)
        self.lane_bits = lane_bits
        self.regenerate = regenerate

    def __call__(
        self, inputs: jax.Array, *, deterministic: bool | None = None, rngs: Any = None
    ) -> jax.Array:
        """Run the layer.

        Args:
            inputs: floating-point or complex array of any shape.
            deterministic: goes before the layer's own.
            rngs: streams, a stream or a key for this call; goes before the layer's own.

        Returns:
            An array of the shape and dtype of `inputs`.

        Raises:
            KeystreamError: as `keystream.dropout` does.
            ValueError: there is neither a flag of the call nor of the layer, or no stream.
        """

        def draw(key: Any) -> jax.Array:
            options: dict[str, Any] = {"lane_bits": self.lane_bits, "regenerate": self.regenerate}
            options |= current_window(inputs.shape)
            return dropout(key, inputs, self.rate, broadcast_dims=self.broadcast_dims, **options)

        return _run(self, draw, inputs, deterministic, rngs)


class DropPath(nnx.Dropout):
    """Stochastic depth: drop the residual branch of whole examples.

    Args:
        rate: the probability of dropping an example, in [0, 1]; see `keystream.drop_path_rates`.
        batch_dims: how many leading axes of the input number examples.
        deterministic: as in `Dropout`.
        rng_collection: as in `Dropout`.
        rngs: as in `Dropout`.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> streams = ks.Streams(0, "params", "drop_path")
        >>> ks.nnx.DropPath(0.5)(jnp.ones((4, 2)), rngs=ks.nnx.rngs(streams, 0)).shape
        (4, 2)
    """

    def __init__(
        self,
        rate: float,
        *,
        batch_dims: int = 1,
        deterministic: bool = False,
        rng_collection: str = "drop_path",
        rngs: Any = None,
    ) -> None:
        mode: dict[str, Any] = {"deterministic": deterministic, "rng_collection": rng_collection}
        super().__init__(rate, rngs=rngs, **mode)
        self.batch_dims = batch_dims

    def __call__(
        self, inputs: jax.Array, *, deterministic: bool | None = None, rngs: Any = None
    ) -> jax.Array:
        """Run the layer; arguments, result and errors are those of `Dropout`."""

        def draw(key: Any) -> jax.Array:
            where = current_window(inputs.shape)
            return drop_path(key, inputs, self.rate, batch_dims=self.batch_dims, **where)

        return _run(self, draw, inputs, deterministic, rngs)


class GaussianNoise(nnx.Module):
    """Normal noise, added or multiplied.

    Args:
        scale: the standard deviation of the noise, at least 0.
        multiplicative: multiply by noise of mean 1 in place of adding.
        broadcast_dims: axes along which one draw is shared.
        deterministic: as in `Dropout`.
        rng_collection: as in `Dropout`.
        rngs: as in `Dropout`.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> streams = ks.Streams(0, "params", "noise")
        >>> ks.nnx.GaussianNoise(0.1)(jnp.ones(4), rngs=ks.nnx.rngs(streams, 0)).shape
        (4,)
    """

    def __init__(
        self,
        scale: float,
        *,
        multiplicative: bool = False,
        broadcast_dims: Sequence[int] = (),
        deterministic: bool = False,
        rng_collection: str = "noise",
        rngs: Any = None,
    ) -> None:
        self.scale = scale
        self.multiplicative = multiplicative
        self.broadcast_dims = broadcast_dims
        self.deterministic: bool | None = deterministic
        self.rng_collection = rng_collection
        if isinstance(rngs, nnx.Rngs):
            rngs = rngs[rng_collection]
        self.rngs = nnx.data(None) if rngs is None else rngs.fork()

    def __call__(
        self, inputs: jax.Array, *, deterministic: bool | None = None, rngs: Any = None
    ) -> jax.Array:
        """Run the layer; arguments and result are those of `Dropout`.

        Raises:
            KeystreamError: as `keystream.gaussian_noise` does.
            ValueError: as `Dropout` does.
        """

        def draw(key: Any) -> jax.Array:
            where = current_window(inputs.shape)
            options: dict[str, Any] = {"broadcast_dims": self.broadcast_dims, **where}
            return gaussian_noise(
                key, inputs, self.scale, multiplicative=self.multiplicative, **options
            )

        return _run(self, draw, inputs, deterministic, rngs)

    def set_view(self, deterministic: bool | None = None) -> None:
        """What ``nnx.view`` calls."""
        if deterministic is not None:
            self.deterministic = deterministic

    def set_mode(self, deterministic: bool | None = None, **others: Any) -> dict[str, Any]:
        """What ``nnx.set_mode`` of earlier versions of Flax calls."""
        self.set_view(deterministic)
        return others


_Layer = Dropout | DropPath | GaussianNoise


def _run(
    layer: _Layer,
    draw: Callable[[Any], jax.Array],
    inputs: jax.Array,
    deterministic: bool | None,
    rngs: Any,
) -> jax.Array:
    """Draw, or hand the inputs through.

    As in Flax a rate of 0 or 1 takes no key: the count of the stream stays.
    """
    chosen = layer.deterministic if deterministic is None else deterministic
    name = type(layer).__name__
    strength = layer.rate if isinstance(layer, nnx.Dropout) else layer.scale
    if chosen is None:
        raise ValueError(f"{name} was given no `deterministic`, neither in the call nor before it")
    if chosen or known_to_be(strength, 0.0):
        return inputs
    drops_all = known_to_be(strength, 1.0) and isinstance(layer, nnx.Dropout)
    return draw(None if drops_all else _key(layer, name, rngs))


def _key(layer: _Layer, name: str, rngs: Any) -> Any:
    source = layer.rngs if rngs is None else rngs
    if isinstance(source, nnx.Rngs):
        return source[layer.rng_collection]()
    if isinstance(source, nnx.RngStream):
        return source()
    if isinstance(source, jax.Array):
        return source
    raise ValueError(
        f"{name} is to draw, and rngs is {source!r}: give it streams when it is made"
        " (rngs=ks.nnx.init_rngs(streams)) or called (rngs=ks.nnx.rngs(streams, step))"
    )
