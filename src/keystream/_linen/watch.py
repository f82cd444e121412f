"""Standing between Linen modules and their scope: for a while, and in this thread alone.

Flax has no hook for ``make_rng``. Its method is replaced while anyone watches and put back after the
last one; who watches is a matter of the context, so threads that watch nothing see Flax as it is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, ClassVar, Final

from flax.core.scope import Scope

Serve = Callable[[str], Any]


class Watcher:
    """What is asked of scopes while it is open; `serve` is Flax's own answer."""

    methods: ClassVar[tuple[str, ...]] = ("make_rng",)
    outranks: ClassVar[bool] = False

    def __init__(self) -> None:
        self.open = True

    def make_rng(self, scope: Scope, name: str, serve: Serve) -> Any:
        """The key that a module gets for its request."""
        raise NotImplementedError

    def has_rng(self, scope: Scope, name: str, serve: Serve) -> bool:
        """Whether a module is told that the stream is there."""
        raise NotImplementedError


_watchers: ContextVar[tuple[Watcher, ...]] = ContextVar("keystream_watchers", default=())


def watching() -> tuple[Watcher, ...]:
    """The open watchers of this context; the last one is asked."""
    return tuple(watcher for watcher in _watchers.get() if watcher.open)


def start(watcher: Watcher) -> None:
    """Let a watcher be asked, before the others only if it outranks them."""
    for method in watcher.methods:
        _replacements[method].hold()
    here = watching()
    _watchers.set((*here, watcher) if watcher.outranks else (watcher, *here))


def stop(watcher: Watcher) -> None:
    """End what `start` began; it may be another context that does.

    A generator can be closed from anywhere, so that the watcher is marked and not only taken off the
    list of this context.
    """
    watcher.open = False
    _watchers.set(watching())
    for method in watcher.methods:
        _replacements[method].release()


@contextmanager
def watched_by(watcher: Watcher) -> Generator[None]:
    """`start` and `stop` around a block."""
    start(watcher)
    try:
        yield
    finally:
        stop(watcher)


class _Replacement:
    """A method of Flax's `Scope`, replaced while it is held."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._holders = 0
        self._lock = Lock()
        self._original: Any = None
        self._own: Any = None

    def hold(self) -> None:
        with self._lock:
            self._holders += 1
            if self._holders == 1:
                self._original = vars(Scope)[self._method]
                self._own = _asking(self._original, self._method)
                setattr(Scope, self._method, self._own)

    def release(self) -> None:
        with self._lock:
            self._holders -= 1
            # Whoever replaced the method after us still calls ours, which then only hands on.
            if self._holders == 0 and vars(Scope)[self._method] is self._own:
                setattr(Scope, self._method, self._original)


def _asking(original: Callable[..., Any], method: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def ask(self: Scope, name: str = "params") -> Any:
        here = watching()
        if not here:
            return original(self, name)
        return getattr(here[-1], method)(self, name, functools.partial(original, self))

    return ask


_replacements: Final = {method: _Replacement(method) for method in ("make_rng", "has_rng")}
