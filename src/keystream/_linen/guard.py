"""The guard: Flax's fall-back to ``params`` becomes an error that names stream, path and fix."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import ContextDecorator
from threading import Lock
from types import TracebackType
from typing import Any, Self, TypeVar

from flax.core.scope import Scope
from flax.errors import InvalidRngError

from keystream._linen.place import Place, find
from keystream._linen.watch import Serve, Watcher, start, stop, watching
from keystream._suggestions import nearest
from keystream.errors import StreamFallbackError, ValueOutOfRangeError

PARAMS = "params"
_SPLIT = ("nn.scan", "nn.vmap", "nn.while_loop")  # transforms that list streams in split_rngs=
_DEFERRED = (
    inspect.isclass,
    inspect.iscoroutinefunction,
    inspect.isgeneratorfunction,
    inspect.isasyncgenfunction,
)

F = TypeVar("F", bound=Callable[..., Any])


class StreamMissingError(StreamFallbackError, InvalidRngError):
    """KS401 where Flax has nothing to fall back to: caught as Flax's ``InvalidRngError`` too."""

    __module__ = "keystream.linen"


class _Sentry(Watcher):
    def make_rng(self, scope: Scope, name: str, serve: Serve) -> Any:
        if name in scope.rngs:
            return serve(name)
        if PARAMS in scope.rngs:
            raise StreamFallbackError(**_message(scope, name, PARAMS))
        try:
            return serve(name)
        except InvalidRngError as error:
            raise StreamMissingError(**_message(scope, name, None)) from error


class Guard(ContextDecorator):
    """What `guard` returns; it can be entered again, inside itself too, and by several threads."""

    def __init__(self) -> None:
        self._sentries: list[_Sentry] = []
        self._lock = Lock()

    def __enter__(self) -> Self:
        sentry = _Sentry()
        with self._lock:
            self._sentries.append(sentry)
        start(sentry)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            here = watching()
            mine = (sentry for sentry in self._sentries if sentry in here)
            sentry = next(mine, self._sentries[-1])
            self._sentries.remove(sentry)
        stop(sentry)

    def __call__(self, func: F) -> F:
        """Guard every call of a function."""
        if any(deferred(func) for deferred in _DEFERRED):
            raise ValueOutOfRangeError(
                f"guard() can't decorate {getattr(func, '__name__', func)}: calling it runs nothing",
                where="keystream.linen.guard",
                why="what a class, generator or coroutine does comes later, and would not be guarded",
                fix="decorate the function that calls it, or write with ks.linen.guard(): inside",
            )
        return super().__call__(func)


def guard() -> Guard:
    """Refuse keys that Flax would draw from ``params`` for want of the stream a module asks for.

    In Flax a module that asks for a stream which was not given gets a key of ``params`` instead, if
    that one is there: ``model.init(key, x)`` with a dropout layer, a misspelt name, and a transform that
    does not pass the stream on all run without a word. Inside a guard each is an error. A stream
    without any key, loud in Flax too, gets the same message.

    Guarantee: a program without the mistake computes the same bits inside as outside, and compiled
    functions are shared. Flax is left as it was found after the last guard.

    Flax serves keys while it traces. A function that was compiled before is not traced again, so a
    mistake in it goes unseen; enter the guard before the first call. A function traced inside stays
    checked when it runs outside.

    Returns:
        A context manager, which is a decorator of functions as well. It concerns the thread (and the
        context) that enters it, can be nested, and can be entered more than once.

    Raises:
        StreamFallbackError: KS401, from the module's request. Where Flax has no key at all it is an
            ``InvalidRngError`` of Flax too.
        ValueOutOfRangeError: KS002, used on a class, or on a generator or coroutine function.

    Example:
        >>> import flax.linen as nn, jax, jax.numpy as jnp
        >>> import keystream as ks
        >>> model = nn.Sequential([nn.Dense(4), nn.Dropout(0.5, deterministic=False)])
        >>> with ks.linen.guard():  # doctest: +ELLIPSIS
        ...     variables = model.init(jax.random.key(0), jnp.ones(4))
        Traceback (most recent call last):
            ...
        keystream.errors.StreamFallbackError: stream 'dropout' was not given, ...
        >>> streams = ks.Streams(0, "params", "dropout")
        >>> with ks.linen.guard():
        ...     variables = model.init(streams.init_rngs(), jnp.ones(4))
        ...     y = model.apply(variables, jnp.ones(4), rngs=streams.rngs(120))
    """
    return Guard()


def _message(scope: Scope, name: str, instead: str | None) -> dict[str, str]:
    """The fields of the error."""
    place = find(scope)
    call = "init" if scope.get_flag("initializing", False) else "apply"
    where = [place.path or "the model itself", call, f"given: {_listed(place.given)}"]
    if name in place.given:
        transforms = _suspects(place.dropped_by(name))
        lost = f"does not get through {transforms}"
        where.append(f"inside: {_listed(place.passed_on)}")
        fix = _pass_on(name, transforms)
    else:
        lost = "was not given"
        fix = "\nor ".join(_spell(place, name) + (_init if call == "init" else _apply)(place, name))
    if instead:
        then = f"so Flax would draw its key from {instead!r}"
        why = "nothing would show that two streams then draw from one key"
    else:
        then = "so there is no key for it"
        why = "the module draws from it in this call"
    what = f"stream {name!r} {lost}, {then}"
    return {"what": what, "where": " · ".join(where), "why": why, "fix": fix}


def _suspects(transforms: tuple[str, ...]) -> str:
    """Those that pass on only what they are told to, or else all."""
    chosen = [one for one in transforms if one in _SPLIT] or transforms
    return " and ".join(chosen) or "a lifted transform"


def _pass_on(name: str, transforms: str) -> str:
    if transforms.startswith(_SPLIT):
        return (
            f'add "{name}": True to the split_rngs of {transforms}, for a new key in every repeat\n'
            f'or "{name}": False, for the same key in all of them'
        )
    return f'let {transforms} pass it on: rngs=True, or a list that has "{name}"'


def _spell(place: Place, name: str) -> list[str]:
    near = _near(place, name)
    return [f"spell {near!r}, which was given, as the module does: {name!r}"] if near else []


def _init(place: Place, name: str) -> list[str]:
    names = _names(place, name)
    keys = ", ".join(f'"{one}": jax.random.key({i})' for i, one in enumerate(names))
    return [
        f"model.init({{{keys}}}, ...)",
        f"model.init(streams.init_rngs(), ...), where {_declared(names)}",
    ]


def _apply(place: Place, name: str) -> list[str]:
    names = _names(place, name)
    drawn = names if name == PARAMS else names[1:]
    keys = [f"key_{i}" for i in range(1, len(drawn) + 1)] if len(drawn) > 1 else ["key"]
    rngs = ", ".join(f'"{one}": {key}' for one, key in zip(drawn, keys, strict=True))
    return [
        f"model.apply(..., rngs={{{rngs}}}), with new keys in every step",
        f"model.apply(..., rngs=streams.rngs(step)), where {_declared(names, name == PARAMS)}",
        "where nothing should be random, turn the draw off: deterministic=True in most modules",
    ]


def _names(place: Place, name: str) -> list[str]:
    """What has to be given, ``params`` first: what was, but for a misspelling, and the missing one."""
    kept = [one for one in place.given if one != _near(place, name)]
    return list(dict.fromkeys((PARAMS, *kept, name)))


def _near(place: Place, name: str) -> str | None:
    return nearest(name, [one for one in place.given if one != PARAMS])


def _declared(names: list[str], params_run: bool = False) -> str:
    """The declaration; ``params`` is for ``init`` alone unless it says otherwise."""
    listed = ", ".join(f'"{one}"' for one in names)
    return f"streams = ks.Streams(0, {listed}{', init=()' if params_run else ''})"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"
