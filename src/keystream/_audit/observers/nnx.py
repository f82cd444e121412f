"""Flax NNX: which stream an `Rngs` served, and Dropout with its mode."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
from flax import nnx

from keystream._audit.observers import dropout, replace


def install(recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Observe NNX until the audit ends."""
    replace(nnx.RngStream, "__call__", _stream(recorder, nnx.RngStream.__call__), undo)
    replace(nnx.Rngs, "_get_stream", _get_stream(recorder, vars(nnx.Rngs)["_get_stream"]), undo)
    replace(nnx.Dropout, "__call__", _dropout(recorder, nnx.Dropout.__call__), undo)
    replace(nnx, "update", _update(recorder, nnx.update), undo)
    replace(nnx, "clone", _clone(recorder, nnx.clone), undo)
    replace(nnx.Module, "eval", dropout.switching(recorder, nnx.Module.eval), undo)


def _stream(recorder: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def observed(self: Any) -> Any:
        recorder.note(
            "stream", depth=2, asked=str(self.tag), served=str(self.tag), path="", given=()
        )
        return call(self)

    return observed


def _update(recorder: Any, update: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(update)
    def observed(node: Any, state: Any, /, *states: Any) -> Any:
        if any(map(_counts, (state, *states))):
            recorder.note("counter_restored", depth=2)
        return update(node, state, *states)

    return observed


def _clone(recorder: Any, clone: Callable[..., Any]) -> Callable[..., Any]:
    """A copy of a model, the counters of its streams with it: it draws what the model draws."""

    @functools.wraps(clone)
    def observed(*args: Any, **kwargs: Any) -> Any:
        recorder.note("cloned", depth=2)
        return clone(*args, **kwargs)

    return observed


def _counts(state: Any) -> bool:
    """Whether a state holds the counter of a stream."""
    leaves = jax.tree.leaves(state, is_leaf=lambda leaf: isinstance(leaf, nnx.Variable))
    return any(isinstance(leaf, nnx.RngCount) for leaf in leaves)


def _get_stream(recorder: Any, get: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(get)
    def observed(self: Any, name: str, error_type: type[Exception]) -> Any:
        given = tuple(each for each in vars(self) if isinstance(vars(self)[each], nnx.RngStream))
        if name not in given and "default" in given:
            recorder.note(
                "default_stream", depth=2, asked=name, served="default", path="", given=given
            )
        return get(self, name, error_type)

    return observed


def _dropout(recorder: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def observed(self: Any, inputs: Any, *, deterministic: Any = None, rngs: Any = None) -> Any:
        mode = self.deterministic if deterministic is None else deterministic
        dropout.note(
            recorder,
            "flax.nnx.Dropout",
            self.rate,
            mode,
            path="",
            collection=self.rng_collection,
            given=(self.rng_collection,) if rngs is not None or self.rngs is not None else (),
        )
        return call(self, inputs, deterministic=deterministic, rngs=rngs)

    return observed
