"""Running a Linen call on shapes alone, and recording the streams that its modules ask for."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, ClassVar, Final

import jax
import jax.numpy as jnp
from flax.core import lift
from flax.core.scope import Scope

from keystream._linen import watch
from keystream._linen.place import called_modules, find, is_root
from keystream._linen.watch import Serve, Watcher, watched_by

Uses = dict[str, tuple[str, ...]]
Call = Callable[[dict[str, Any], Any], Any]

PARAMS = "params"
_AXIS: Final = "keystream.needs"
_number = itertools.count()


def run(call: Call, arrays: Any, model: str, streams: tuple[str, ...]) -> tuple[Uses, Any]:
    """Run a call abstractly until no module asks for another stream.

    Args:
        call: takes the keys by stream, and `arrays`.
        arrays: a pytree of arrays or their shapes.
        model: the class of the model, the root of the paths.
        streams: those that are there from the start.

    Returns:
        The streams with the module paths that drew from them, and the shapes of the call's result.
    """
    given, axis = dict.fromkeys(streams), _AXIS
    while True:
        recorder = Recorder(model)
        with watched_by(recorder), _own_jit_memory() as jitted:
            shapes = jax.eval_shape(_traced_afresh(call, tuple(given), axis), arrays)
        missing = [name for name in recorder.asked if name not in given]
        # A function under nn.jit that an earlier run has traced was not run again, so it said nothing.
        stale = jitted() and axis == _AXIS
        if not missing and not stale:
            return {name: tuple(paths) for name, paths in recorder.uses.items()}, shapes
        given.update(dict.fromkeys(missing))
        axis = f"{_AXIS} {next(_number)}" if jitted() else _AXIS


class Recorder(Watcher):
    """Notes who asks for which stream, and gives everyone a key.

    Args:
        model: the class of the model, for modules that are called from outside its methods.
    """

    methods: ClassVar[tuple[str, ...]] = ("make_rng", "has_rng")
    outranks: ClassVar[bool] = True

    def __init__(self, model: str) -> None:
        super().__init__()
        self.uses: dict[str, dict[str, None]] = {}
        self.asked: dict[str, None] = {}
        self._model = model
        self._outside = len(called_modules())
        self._serving = False

    def make_rng(self, scope: Scope, name: str, serve: Serve) -> Any:
        """Note the request, unless a lifted transform makes it, or an inner call with its own keys."""
        if self._is_inner(scope):
            return serve(name)
        if not _is_fork(inspect.currentframe()):
            place = find(scope)
            path = place.path if place.model else "/".join((self._model, *scope.path))
            self.uses.setdefault(name, {}).setdefault(path)
        if name not in scope.rngs and PARAMS not in scope.rngs:
            return jax.random.key(0)
        self._serving = True
        try:
            return serve(name)
        finally:
            self._serving = False

    def has_rng(self, scope: Scope, name: str, serve: Serve) -> bool:
        """Note the question: the answer is what it is when the stream is there."""
        by_flax = self._serving  # its make_rng asks as well, which is no choice of the model's
        if not by_flax and name != PARAMS and not self._is_inner(scope):
            self.asked.setdefault(name)
        return serve(name)  # type: ignore[no-any-return]

    def _is_inner(self, scope: Scope) -> bool:
        """Whether the scope belongs to an ``init`` or ``apply`` that the model itself calls."""
        mine = called_modules()[self._outside :]
        root = next((module.scope for module in mine if is_root(module.scope)), None)
        return root is not None and find(scope).scopes[0] != root


def _is_fork(frame: FrameType | None) -> bool:
    """Whether a lifted transform asks: it renews every stream that it has, in use or not."""
    passed = (__name__, watch.__name__, "flax.linen.module")
    while frame is not None and frame.f_globals.get("__name__") in passed:
        frame = frame.f_back
    return frame is not None and frame.f_globals.get("__name__") == "flax.linen.transforms"


def _traced_afresh(call: Call, streams: tuple[str, ...], axis: str) -> Callable[[Any], Any]:
    """The call with keys, under an axis name that no program has.

    What is traced here must neither come from the caches of `jax.jit` nor stay there for the program:
    modules under ``nn.jit`` got keys that are not theirs. Axis names are part of what a cache goes by.
    """

    def traced(arrays: Any) -> Any:
        def under_axis(_: jax.Array) -> Any:
            return call({name: jax.random.key(0) for name in streams}, arrays)

        return jax.vmap(under_axis, out_axes=None, axis_name=axis)(jnp.zeros(1))

    return traced


@contextmanager
def _own_jit_memory() -> Generator[Callable[[], bool]]:
    """Keep what Flax remembers of ``nn.jit``, counts of keys, apart from the program's.

    Yields:
        A function that tells whether ``nn.jit`` was used.
    """
    holder = getattr(lift, "_side_effect_cache", None)
    if holder is None or not hasattr(holder, "cache"):
        yield lambda: True
        return
    programs, holder.cache = holder.cache, {}
    own = holder.cache
    try:
        yield lambda: bool(own)
    finally:
        holder.cache = programs
