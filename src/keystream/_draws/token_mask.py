"""Masked positions, for models that learn by predicting what was hidden."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import NamedSharding, PartitionSpec

from keystream._counter import LAYOUT
from keystream._draws.elements import Elements, elements_of
from keystream._draws.keys import read_key
from keystream._draws.window import Window, explicit_sharding, read_window
from keystream._names import as_integer
from keystream._rate import read_rate
from keystream.errors import ValueOutOfRangeError

_CALL = "keystream.token_mask"
_ALL_MASKED = (1.0, 0.0, 0.0)


class TokenMask(NamedTuple):
    """What `token_mask` returns.

    Attributes:
        tokens: what the model is to read: the input's shape and dtype.
        chosen: where it is to predict, bool, one an element of the token axes.
    """

    tokens: jax.Array
    chosen: jax.Array


def token_mask(
    key: Any,
    tokens: Any,
    rate: Any,
    *,
    mask_token: Any = 0,
    exact_count: bool = False,
    eligible: Any = None,
    feature_dims: int = 0,
    replacement: Sequence[float] = _ALL_MASKED,
    vocabulary: int | None = None,
    index_offset: Sequence[Any] | None = None,
    global_shape: Sequence[int] | None = None,
) -> TokenMask:
    """Choose positions of a sequence, and hide what stands there.

    Guarantee: with ``k = jax.random.split(key, 3)`` the choice is ``jax.random.bernoulli(k[0], rate)``;
    or, with `exact_count`, the positions of a row with the least of ``jax.random.bits(k[0])``. Of each
    chosen one ``jax.random.uniform(k[1])`` decides the replacement, and ``jax.random.randint(k[2])`` the
    random token.

    Args:
        key: one key, typed or legacy.
        tokens: ids, [..., length], of any dtype; or vectors, [..., length, features] (see
            `feature_dims`), such as the patches of an image.
        rate: the probability of choosing a position, in [0, 1]; a number, or a JAX scalar, traced or
            not, whose value is not checked.
        mask_token: what stands at a hidden position: an id, or a vector of the feature axes' shape.
        exact_count: choose in each row round(rate * eligible positions), halves to even, in place of
            each position by itself.
        eligible: bool, broadcast to the token axes: positions that may be chosen (no padding, no
            separators); all by default.
        feature_dims: how many trailing axes hold features; their elements are hidden together.
        replacement: of the chosen positions the shares that get the mask token, a random token, and
            what stood there; (0.8, 0.1, 0.1) is BERT's rule. They sum to 1.
        vocabulary: random tokens are in [0, vocabulary); needed where their share is not 0, and
            `tokens` must be integers then.
        index_offset: where `tokens` begin in the global array, one integer an axis, if they are a part
            of it; a row is whole where the count is exact.
        global_shape: the shape of the global array, then.

    Returns:
        The tokens to read and the positions to predict.

    Raises:
        RateOutOfRangeError: KS004, the rate is not a number in [0, 1].
        ValueOutOfRangeError: KS002, another argument is not what it must be.
        UnsupportedKeyError: KS006, what was given is not one key.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> key = ks.Streams(0, "mask").key("mask", 0)
        >>> masked = ks.token_mask(key, jnp.arange(8) + 10, 0.25, mask_token=3, exact_count=True)
        >>> int(masked.chosen.sum()), int((masked.tokens == 3).sum())
        (2, 2)

    Source:
        Devlin, Chang, Lee, Toutanova, "BERT" (NAACL 2019), section 3.1; He et al., "Masked
        autoencoders are scalable vision learners" (CVPR 2022), for an exact count of patches.
    """
    tokens = jnp.asarray(tokens)
    features = as_integer(feature_dims, "feature_dims", _CALL, "it is a number of axes")
    if not 0 <= features <= tokens.ndim - int(exact_count):
        raise _refused(f"feature_dims {features} for tokens of shape {tokens.shape}")
    words, impl = read_key(key, _CALL)
    shares = _read_shares(replacement, vocabulary, tokens)
    axes = tokens.ndim - features
    part, offset = read_window(tokens, range(axes, tokens.ndim), index_offset, global_shape, _CALL)
    window = _of_tokens(part, axes)
    if exact_count and window.shape[-1] != window.global_shape[-1]:
        raise _refused(f"{window.shape[-1]} of {window.global_shape[-1]} positions of a row")
    may = _read_eligible(True if eligible is None else eligible, window)
    draw = _Choice(impl, elements_of(window, impl), exact_count, shares, vocabulary or 0)
    hidden = _read_mask_token(mask_token, tokens)
    probability = read_rate(rate, _CALL)
    if not isinstance(probability, jax.Array):
        probability = np.asarray(probability, jnp.result_type(float))
    return TokenMask(*_named(draw)((words, offset[:axes]), probability, may, tokens, hidden))


@dataclass(frozen=True)
class _Choice:
    impl: str
    elements: Elements
    exact_count: bool
    shares: tuple[float, float, float]
    vocabulary: int


@lru_cache(maxsize=1024)
def _named(choice: _Choice) -> Callable[..., tuple[jax.Array, jax.Array]]:
    def named(
        operands: tuple[jax.Array, Any], rate: Any, may: jax.Array, tokens: Any, hidden: Any
    ) -> tuple[jax.Array, jax.Array]:
        words, offset = operands
        keys = jax.random.split(jax.random.wrap_key_data(words, impl=choice.impl), 3)
        choose = _exactly if choice.exact_count else _each
        chosen = choose(choice.elements, keys[0], rate, may, offset)
        return _replace(choice, (keys, offset), chosen, tokens, hidden), chosen

    named.__name__ = named.__qualname__ = f"ks.token_mask.v{LAYOUT}"
    return jax.jit(named, inline=False)


def _each(elements: Elements, key: jax.Array, rate: Any, may: jax.Array, offset: Any) -> jax.Array:
    return (elements.uniform(key, rate.dtype, offset) < rate) & may


def _exactly(
    elements: Elements, key: jax.Array, rate: Any, may: jax.Array, offset: Any
) -> jax.Array:
    """Of each row the eligible positions with the least words, so many as the rate asks for."""
    draws = elements.words(key, offset)
    places = lax.broadcasted_iota(np.int32, may.shape, may.ndim - 1)
    *_, order = lax.sort((~may, draws, places), num_keys=2)
    _, rank = lax.sort((order, places), num_keys=1)  # the inverse permutation
    eligible = may.sum(axis=-1, keepdims=True).astype(rate.dtype)
    count = jnp.round(rate * eligible).astype(np.int32)
    return rank < count


def _replace(
    choice: _Choice, place: tuple[jax.Array, Any], chosen: jax.Array, tokens: Any, hidden: Any
) -> jax.Array:
    masked, random, _ = choice.shares
    elements, (keys, offset) = choice.elements, place
    trailing = (1,) * (tokens.ndim - chosen.ndim)

    def put(where: jax.Array, new: jax.Array, old: jax.Array) -> jax.Array:
        return jnp.where(where.reshape(*where.shape, *trailing), new, old)

    if choice.shares == _ALL_MASKED:
        return put(chosen, hidden, tokens)
    kind = elements.uniform(keys[1], jnp.float32, offset)
    replaced = put(chosen & (kind < masked), hidden, tokens)
    if random:
        other = elements.integers(keys[2], choice.vocabulary, offset)
        some = chosen & (kind >= masked) & (kind < masked + random)
        replaced = put(some, other.astype(tokens.dtype), replaced)
    return replaced


def _of_tokens(window: Window, axes: int) -> Window:
    """The window without its axes of features."""
    sharding = window.sharding
    if sharding is not None:
        sharding = NamedSharding(sharding.mesh, PartitionSpec(*sharding.spec[:axes]))
    shape, whole = window.shape[:axes], window.global_shape[:axes]
    return replace(window, shape=shape, global_shape=whole, sharding=sharding)


def _read_eligible(eligible: Any, window: Window) -> jax.Array:
    shape = window.shape
    may = jnp.asarray(eligible)
    if may.dtype != bool:
        raise _refused(f"eligible of dtype {may.dtype}, not bool,")
    try:
        return jnp.broadcast_to(may, shape, out_sharding=window.sharding)
    except ValueError as error:
        raise _refused(f"eligible of shape {may.shape} for token axes of shape {shape}") from error


def _read_mask_token(mask_token: Any, tokens: jax.Array) -> jax.Array:
    """The mask token at every position; one that the tokens' dtype would round or wrap is refused."""
    given: Any = mask_token if isinstance(mask_token, jax.Array) else np.asarray(mask_token)
    whole = jnp.issubdtype(tokens.dtype, jnp.integer)
    try:
        if whole and not jnp.issubdtype(given.dtype, jnp.integer):
            raise TypeError
        if whole and isinstance(given, np.ndarray):
            np.array(given.tolist(), tokens.dtype)  # raises OverflowError
        token = jnp.asarray(given, tokens.dtype)
        return jnp.broadcast_to(token, tokens.shape, out_sharding=explicit_sharding(tokens))
    except (TypeError, ValueError, OverflowError) as error:
        shown = f"{mask_token!r:.40} for tokens of dtype {tokens.dtype} and shape {tokens.shape}"
        raise _refused(f"mask_token {shown}") from error


def _read_shares(
    replacement: Sequence[float], vocabulary: int | None, tokens: jax.Array
) -> tuple[float, float, float]:
    try:
        shares = tuple(float(share) for share in replacement)
    except (TypeError, ValueError):
        shares = ()
    if len(shares) != 3 or not min(shares) >= 0.0 or not abs(sum(shares) - 1.0) < 1e-6:
        raise _refused(f"replacement {replacement!r}")
    if shares[1] and not jnp.issubdtype(tokens.dtype, jnp.integer):
        raise _refused(f"random tokens for tokens of dtype {tokens.dtype}")
    if shares[1]:
        size = as_integer(vocabulary, "vocabulary", _CALL, "random tokens are in [0, vocabulary)")
        if not 1 <= size <= min(2**31 - 1, jnp.iinfo(tokens.dtype).max + 1):
            raise _refused(f"vocabulary {size} for random tokens of dtype {tokens.dtype}")
    return shares[0], shares[1], shares[2]


def _refused(what: str) -> ValueOutOfRangeError:
    return ValueOutOfRangeError(
        f"{what} can't be used",
        where=_CALL,
        why="positions are chosen along the token axes, and shares of them replaced",
        fix="tokens [..., length] with feature_dims=0, or [..., length, features] with 1; a bool"
        " eligible; replacement=(0.8, 0.1, 0.1) with vocabulary=size for integer tokens",
    )
