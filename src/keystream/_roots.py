"""Root keys: the words under which every key of a stream is derived, from seeds or adopted keys."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from keystream._counter import WORD
from keystream._names import as_integer
from keystream.errors import TwinSeedsError, UnsupportedKeyError, ValueOutOfRangeError

DEFAULT_IMPL: Final = "threefry2x32"
_REFUSED_IMPL: Final = "unsafe_rbg"
MISSING: Final[Any] = object()  # in place of a source that was not given


def seed(value: str | bytes | int) -> int:
    """A seed from anything: text, bytes, or an integer of any size and sign.

    Guarantee: the same value gives the same seed in every process, on every platform and in every
    version. An integer that is a seed already is returned as it is. Others are hashed, and two of
    them share a seed with probability 2**-32; to keep 64 bits, adopt a root key instead.

    Args:
        value: text (hashed as UTF-8), bytes, or an integer.

    Returns:
        An integer in [0, 2**32).

    Raises:
        ValueOutOfRangeError: KS002, the value is none of these.

    Example:
        >>> import keystream as ks
        >>> ks.seed("digits, third run")
        2122931060
        >>> ks.seed(7)
        7
    """
    if isinstance(value, str):
        return _hash32(b"text:" + value.encode(errors="surrogatepass"))
    if isinstance(value, bytes):
        return _hash32(b"bytes:" + value)
    if isinstance(value, bool) or not hasattr(value, "__index__"):  # pyright: ignore[reportUnnecessaryComparison]
        raise ValueOutOfRangeError(
            f"{value!r} is neither text, bytes nor an integer",
            where="ks.seed",
            why="the same value has to give the same seed everywhere, which no other value does",
            fix='pass one of them: ks.seed("run 7")',
        )
    integer = as_integer(value, "seed", "ks.seed", "a seed is made of text, bytes or an integer")
    return integer if 0 <= integer < WORD else _hash32(b"integer:%d" % integer)


def _hash32(data: bytes) -> int:
    return int.from_bytes(hashlib.sha256(data).digest()[:4], "big")


def read_sources(
    source: Any, names: tuple[str, ...], seeds: Mapping[str, Any]
) -> tuple[Mapping[str, Any], bool, bool]:
    """The constructor's three forms as a mapping of names to sources, and two flags.

    The flags: every stream has a root of its own; a source was given without names.
    """
    _refuse_options(seeds)
    if isinstance(source, Mapping) or source is MISSING:
        given = {} if source is MISSING else dict(cast(Mapping[str, Any], source))
        repeated = next((name for name in seeds if name in given), None)
        if names or repeated:
            raise _mixed(names[0] if names else cast(str, repeated))
        return {**given, **seeds}, True, False
    if seeds:
        raise _mixed(next(iter(seeds)))
    return {"": source}, False, not names


def _refuse_options(seeds: Mapping[str, Any]) -> None:
    """Refuse what reads like an option and would declare a stream: ``Streams(seed=0)``."""
    name = next((name for name in ("seed", "key", "rng") if name in seeds), None)
    if name is not None:
        raise ValueOutOfRangeError(
            f"{name}= would declare a stream named {name!r}",
            where="Streams",
            why="keywords are names of streams with a seed each; one seed for all streams comes first",
            fix=f'Streams({seeds[name]!r}, "params", "dropout"); or, for a stream of that name, '
            f'Streams({{"{name}": {seeds[name]!r}}})',
        )


def _mixed(name: str) -> ValueOutOfRangeError:
    return ValueOutOfRangeError(
        f"stream {name!r} is given in two ways at once",
        where="Streams",
        why="a stream has one root: that of all streams, or a seed of its own",
        fix='write Streams(0, "params", "dropout"), or Streams(params=0, dropout=1)',
    )


def read_roots(sources: Mapping[str, Any], impl: str | None) -> tuple[Any, str]:
    """The roots uint32[R, W] of the sources, in order, and their one implementation."""
    words: dict[str, Any] = {}
    chosen = impl
    for name, source in sources.items():
        call = f"Streams · stream {name!r}" if name else "Streams"
        words[name], chosen = _root_words(source, chosen, call)
    _refuse_twins(words)
    rows = list(words.values())
    stack = np.stack if all(isinstance(row, np.ndarray) for row in rows) else jnp.stack
    return (stack(rows) if rows else np.zeros((0, 2), np.uint32)), chosen or DEFAULT_IMPL


def _root_words(source: Any, impl: str | None, call: str) -> tuple[Any, str]:
    """The words of a root key and its implementation.

    Args:
        source: a seed in [0, 2**32), a uint32 JAX scalar as a traced seed, a typed key, or a legacy
            ``uint32[2]`` key.
        impl: the implementation a seed is to have; of a key, only checked.
        call: the call to name in an error.

    Returns:
        A uint32 array of shape (words,), of NumPy where the source is, and the implementation.

    Raises:
        ValueOutOfRangeError: KS002, a seed out of range or not an integer.
        UnsupportedKeyError: KS006, a key that streams can't be made from.
    """
    if isinstance(source, (jax.Array, np.ndarray)) and not _is_integer_scalar(source):
        return _words_of_key(source, impl, call)
    chosen = _check_impl(DEFAULT_IMPL if impl is None else impl, call)
    if isinstance(source, jax.Array):
        return _words_of_seed(_check_traced_seed(source, call), chosen), chosen
    return _words_of_seed(np.uint32(_check_seed(source, call)), chosen), chosen


def _refuse_twins(words: Mapping[str, Any]) -> None:
    """Refuse two streams with one root (KS009); traced roots can't be compared and pass."""
    owners: dict[bytes, str] = {}
    for name, root in words.items():
        if isinstance(root, Tracer):
            continue
        root_bytes = np.asarray(root).tobytes()
        owner = owners.setdefault(root_bytes, name)
        if owner != name:
            shown = " ".join(f"{word:#x}" for word in np.asarray(root))
            raise TwinSeedsError(
                f"streams {owner!r} and {name!r} have one seed (root key {shown})",
                where="Streams",
                why="at init both would hand out the same key, so their draws repeat each other",
                fix=f'give one a seed of its own, or one seed for all: Streams(0, "{owner}", "{name}")',
            )


def _is_integer_scalar(source: jax.Array | np.ndarray) -> bool:
    return source.ndim == 0 and not jnp.issubdtype(source.dtype, jax.dtypes.prng_key)


def _check_seed(source: object, call: str) -> int:
    fix_text = " or make one of anything else: ks.seed(...)"
    if isinstance(source, (str, bytes, float)) or source is None:
        raise ValueOutOfRangeError(
            f"seed {source!r} is not an integer",
            where=call,
            why="a seed is an integer in [0, 2**32)",
            fix="pass such an integer," + fix_text,
        )
    value = as_integer(source, "seed", call, "a seed is an integer in [0, 2**32)")
    if 0 <= value < WORD:
        return value
    raise ValueOutOfRangeError(
        f"seed {value} is outside [0, 2**32)",
        where=call,
        why="JAX would keep its lowest 32 bits and give two seeds one key, in silence",
        fix="pass a seed in that range," + fix_text,
    )


def _check_traced_seed(source: jax.Array, call: str) -> jax.Array:
    if source.dtype == jnp.uint32:
        return source
    raise ValueOutOfRangeError(
        f"seed of dtype {source.dtype} is not uint32",
        where=call,
        why="of a JAX array only the dtype is looked at, and only uint32 has the range of a seed",
        fix="pass a Python integer, or seed.astype('uint32')",
    )


def _words_of_seed(value: Any, impl: str) -> Any:
    if impl != DEFAULT_IMPL:
        return jax.random.key_data(jax.random.key(value, impl=impl))
    if isinstance(value, jax.Array):
        return jnp.stack([jnp.zeros_like(value), value])
    return np.array([0, value], np.uint32)  # what PRNGKey makes of a 32-bit seed


def _words_of_key(source: Any, impl: str | None, call: str) -> tuple[Any, str]:
    if jnp.issubdtype(source.dtype, jax.dtypes.prng_key):
        own = _check_impl(str(jax.random.key_impl(source)), call)
        if impl not in (None, own):
            raise _mixed_impl(own, impl, call)
        if source.ndim:
            raise _unsupported(source, f"implementation {own}", call)
        return jax.random.key_data(source), own
    expected = jax.random.key(0, impl=_check_impl(impl or DEFAULT_IMPL, call))
    if source.dtype != jnp.uint32 or source.shape != jax.random.key_data(expected).shape:
        raise _unsupported(source, f"dtype {source.dtype}", call)
    return source, impl or DEFAULT_IMPL


def _mixed_impl(own: str, wanted: str, call: str) -> UnsupportedKeyError:
    return UnsupportedKeyError(
        f"a key of implementation {own!r} is given where {wanted!r} is asked for",
        where=call,
        why="all streams of one Streams have one implementation, which decides their bits",
        fix=f"pass jax.random.key(seed, impl={wanted!r}), or impl={own!r} to Streams",
    )


def _unsupported(source: Any, trait: str, call: str) -> UnsupportedKeyError:
    return UnsupportedKeyError(
        f"a key of shape {source.shape} and {trait} can't be a root key",
        where=call,
        why="a root key is one key: its words are what every name's key is derived under",
        fix="pass jax.random.key(seed), a legacy uint32[2] key, or a seed; take vmap for several",
    )


def _check_impl(impl: str, call: str) -> str:
    if impl == _REFUSED_IMPL:
        raise UnsupportedKeyError(
            f"key implementation {impl!r} is refused",
            where=call,
            why="its fold_in commutes and undoes itself, so distinct names would share keys",
            fix=f"take impl={DEFAULT_IMPL!r}, or 'rbg' where its speed is needed",
        )
    if impl == DEFAULT_IMPL:
        return impl
    try:
        jax.eval_shape(lambda: jax.random.key(0, impl=impl))
    except (ValueError, TypeError, KeyError) as error:
        raise UnsupportedKeyError(
            f"key implementation {impl!r} is not known to this JAX ({jax.__version__})",
            where=call,
            why="keys of another implementation would be other keys",
            fix=f"take impl={DEFAULT_IMPL!r}, or one that jax.random.key accepts",
        ) from error
    return impl
