"""From root key words, ids, step and coordinates to keys: the one place where keys are made.

Every derivation is one call of a jitted function named ``ks.key.v1`` or ``ks.keys.v1``, not inlined, so
that a tool that reads jaxprs sees it by name; a bare unrolled block would be 130 anonymous integer
operations. Ids are arguments, so that children and other names share one compiled program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from operator import and_
from typing import Any, Final, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer

from keystream import _lax_words
from keystream._counter import ID_SHIFT, LAYOUT, OUTSIDE_HIGH, WORD, Radix
from keystream._declaration import Declaration
from keystream._internals import key_wrapper
from keystream._roots import DEFAULT_IMPL
from keystream._words import Pair, add, multiply
from keystream.errors import UnsupportedKeyError

# Batches are children of the derived key at counters that no child of JAX's has: their high word is 0.
BATCH_HIGH: Final = WORD - 1

Init = Literal["no", "roots", "derived"]


@lru_cache(maxsize=4096)
def derivation(
    declaration: Declaration,
    names: tuple[str, ...],
    given: tuple[str, ...],
    init: bool = False,
    batch: int | None = None,
) -> Derivation:
    """The derivation of some names' keys, ready to be called with integers.

    Args:
        declaration: what is declared.
        names: declared streams.
        given: the coordinates that will be passed, in order.
        init: keys at the reserved step; no step is passed.
        batch: None for one key a name; else that many keys of the one name.
    """
    own = declaration.own_roots
    entries = [(declaration.place[name] if own else 0, declaration.id_of(name)) for name in names]
    mode: Init = "no"
    if init:
        mode = "roots" if own and not declaration.path else "derived"
    return Derivation(
        _jitted(
            radix=declaration.radix,
            given=given,
            init=mode,
            own_roots=own,
            count=len(names),
            impl=declaration.impl,
            batch=batch,
        ),
        np.array(entries, np.uint32).T.copy(),
        declaration.impl,
    )


class Derivation:
    """A jitted derivation and the places and ids, uint32[2, S], of the names that it is for."""

    __slots__ = ("_call", "_device_names", "_host_names", "_impl", "_wrap")

    def __init__(self, call: Callable[..., Any], names: np.ndarray, impl: str) -> None:
        self._call = call
        self._impl = impl
        self._host_names = names
        with jax.ensure_compile_time_eval():
            self._device_names = jnp.asarray(names)  # an eager call need not send them again
        self._wrap = key_wrapper(impl)

    def __call__(self, roots: jax.Array, *integers: Any) -> list[Any]:
        """Typed keys, one a name; or one array of them where a batch was asked for.

        Args:
            roots: their words, uint32[R, W].
            integers: step and coordinates: of Python, in [0, 2**32), or JAX's scalars.
        """
        if isinstance(roots, Tracer):
            words = self._call(roots, self._host_names, *map(_as_word, integers))
        else:
            words = self._call(roots, self._device_names, *map(_as_cheap, integers))
            if not isinstance(words[0], Tracer):
                return [self._wrap(word) for word in words]
        return [jax.random.wrap_key_data(word, impl=self._impl) for word in words]


def _as_word(integer: Any) -> Any:
    """A Python integer as uint32, which is what a traced program has in the place of it."""
    return np.uint32(integer) if isinstance(integer, int) else integer


def _as_cheap(integer: Any) -> Any:
    """A Python integer as it is, if an int32 holds it.

    To JAX a scalar of NumPy is an array to be sent, which takes 10 of the 40 microseconds of an eager
    call; an integer of Python is a number.
    """
    return _as_word(integer) if isinstance(integer, int) and integer >= 2**31 else integer


@lru_cache(maxsize=4096)
def _jitted(
    *,
    radix: Radix,
    given: tuple[str, ...],
    init: Init,
    own_roots: bool,
    count: int,
    impl: str,
    batch: int | None,
) -> Callable[..., Any]:
    """The jitted function of (roots uint32[R, W], names uint32[2, S], step, *coordinates).

    Returns S times uint32[W], or once uint32[batch, W].
    """

    def derive(roots: jax.Array, names: jax.Array, *integers: Any) -> list[jax.Array]:
        check_one(roots)
        integers = tuple(map(_as_word, integers))  # without jit they come as they were given
        places, ids = (lax.index_in_dim(names, row, keepdims=False) for row in range(2))
        step = integers[0] if init == "no" else jnp.asarray(radix.init_step, jnp.uint32)
        values = dict(zip(given, integers[1:] if init == "no" else integers, strict=True))
        rows = roots[places] if own_roots else roots
        inside = _is_inside(step, radix.init_step) if init == "no" else np.True_
        counters = _counters(radix, ids, (inside, step), values)
        if batch is not None:
            return [batch_below([word[0] for word in _apart(rows, counters, impl)], batch, impl)]
        words = children(rows, counters, impl)
        if init == "roots":
            at_zero = jnp.array([True, *(value == 0 for value in values.values())]).all()
            words = jnp.where(at_zero, rows, words)
        return [words[place] for place in range(count)]

    kind = "key" if batch is None else "keys"
    derive.__name__ = derive.__qualname__ = f"ks.{kind}.v{LAYOUT}"
    return jax.jit(derive, inline=False)


def check_one(roots: jax.Array | np.ndarray) -> None:
    """Refuse the roots of streams that were made under vmap (KS006): a key has one root."""
    if roots.ndim != 2:
        raise UnsupportedKeyError(
            f"these streams hold a batch of root keys, of shape {roots.shape[:-2]}",
            where="Streams",
            why="they were made under vmap, and a key is made under one root",
            fix="map over them: jax.vmap(lambda streams: streams.key(name, step))(streams)",
        )


def _counters(radix: Radix, ids: jax.Array, checked_step: Pair, values: dict[str, Any]) -> Pair:
    """The counters uint32[S] of the ids; those of values out of range are nobody's (id 0)."""
    bounds, weights = dict(radix.coordinates), radix.weights
    inside, step = checked_step
    high, low = _lax_words.LaxWord(ids) << ID_SHIFT, step.astype(np.uint32)
    if values:
        position = (np.uint32(0), low)
        for name, value in values.items():
            inside = inside & _is_inside(value, bounds[name])
            position = add(position, multiply(value.astype(np.uint32), weights[name]))
        high, low = high | position[0], position[1]
    nobodys = lax.full_like(high.array, OUTSIDE_HIGH)
    return lax.select(inside, high.array, nobodys), lax.broadcast(low, ids.shape)


def _is_inside(value: Any, bound: int) -> Any:
    """Whether an integer of any dtype is in [0, bound), compared in its own dtype."""
    info = jnp.iinfo(value.dtype)
    checks = [value >= 0] if info.min < 0 else []
    if info.max >= bound:
        checks.append(value < np.asarray(bound, value.dtype))
    return reduce(and_, checks) if checks else np.True_


def children(roots: jax.Array, counters: Pair, impl: str) -> jax.Array:
    """The key words uint32[S, W] at the counters, each under its root."""
    return jnp.stack(_apart(roots, counters, impl), axis=-1)


def _apart(roots: jax.Array, counters: Pair, impl: str) -> Sequence[jax.Array]:
    """The same as W arrays uint32[S].

    A second hash should read these: of an array that they were stacked into XLA:CPU writes every word
    out for every word that is read, and takes seconds to compile.
    """
    if impl == DEFAULT_IMPL:
        words = [lax.index_in_dim(roots, place, 1, keepdims=False) for place in range(2)]
        return _lax_words.block((words[0], words[1]), counters)
    high, low = counters
    keys = jax.random.wrap_key_data(roots, impl=impl)
    fold_in = jax.vmap(jax.random.fold_in)
    folded = fold_in(fold_in(jnp.broadcast_to(keys, high.shape), high), low)
    return jnp.unstack(jax.random.key_data(folded), axis=-1)


def batch_below(words: jax.Array | Sequence[jax.Array], n: int, impl: str) -> jax.Array:
    """The words uint32[n, W] of a batch of keys below one derived key, uint32[W] or W scalars."""
    if impl == DEFAULT_IMPL:
        counters = (np.uint32(BATCH_HIGH), lax.iota(np.uint32, n))
        return jnp.stack(_lax_words.block((words[0], words[1]), counters), axis=-1)
    return jax.random.key_data(
        jax.random.split(jax.random.wrap_key_data(jnp.stack(words), impl=impl), n)
    )
