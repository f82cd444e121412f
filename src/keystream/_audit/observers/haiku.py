"""Haiku: Dropout with its rate, and which draws belong to `init` but not to parameters."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import haiku as hk

from keystream._audit.observers import dropout, replace
from keystream._audit.observers.state import initialising


def install(recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Observe Haiku until the audit ends."""
    replace(hk, "dropout", _dropout(recorder, hk.dropout), undo)
    replace(hk, "next_rng_key", _next(recorder, hk.next_rng_key), undo)
    for name in ("transform", "transform_with_state"):
        replace(hk, name, _transform(getattr(hk, name)), undo)


def _dropout(recorder: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def observed(rng: Any, rate: Any, x: Any, broadcast_dims: Any = ()) -> Any:
        dropout.note(
            recorder, "haiku.dropout", rate, False, path="", collection="rng", given=("rng",)
        )
        return call(rng, rate, x, broadcast_dims)

    return observed


def _next(recorder: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def observed() -> Any:
        recorder.note("next_rng_key", depth=2, asked="rng", served="rng", path="", given=())
        return call()

    return observed


def _transform(transform: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(transform)
    def observed(*args: Any, **kwargs: Any) -> Any:
        pair = transform(*args, **kwargs)
        return pair._replace(init=_init(pair.init))

    return observed


def _init(init: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(init)
    def observed(*args: Any, **kwargs: Any) -> Any:
        with initialising():
            return init(*args, **kwargs)

    return observed
