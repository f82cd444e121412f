"""Haiku: Dropout with its rate, calls that leave it out, and which draws of `init` are no parameters."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import haiku as hk

from keystream._audit.observers import dropout, replace
from keystream._audit.observers.state import differentiating, initialising

_calls = threading.local()  # `rates`: of the Dropouts that the running call came to


def install(recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Observe Haiku until the audit ends."""
    replace(hk, "dropout", _dropout(recorder, hk.dropout), undo)
    replace(hk, "next_rng_key", _next(recorder, hk.next_rng_key), undo)
    numbers = itertools.count()
    for name in ("transform", "transform_with_state"):
        replace(hk, name, _transform(recorder, getattr(hk, name), numbers), undo)


def _dropout(recorder: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def observed(rng: Any, rate: Any, x: Any, broadcast_dims: Any = ()) -> Any:
        if dropout.number(rate) != 0.0:
            _calls.rates = (*getattr(_calls, "rates", ()), dropout.number(rate))
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


def _transform(
    recorder: Any, transform: Callable[..., Any], numbers: Iterator[int]
) -> Callable[..., Any]:
    @functools.wraps(transform)
    def observed(*args: Any, **kwargs: Any) -> Any:
        pair, number = transform(*args, **kwargs), next(numbers)
        init = _init(_watched(recorder, pair.init, number, applied=False))
        return pair._replace(init=init, apply=_watched(recorder, pair.apply, number, applied=True))

    return observed


def _watched(
    recorder: Any, call: Callable[..., Any], number: int, *, applied: bool
) -> Callable[..., Any]:
    """A half of a transformed function, which notes whether a call of it came to a Dropout."""

    @functools.wraps(call)
    def observed(*args: Any, **kwargs: Any) -> Any:
        around, _calls.rates = getattr(_calls, "rates", ()), ()
        try:
            return call(*args, **kwargs)
        finally:
            rates = _calls.rates
            _calls.rates = (around + rates)[:1]
            trained = applied and differentiating()
            recorder.note("transformed", depth=2, model=number, rates=rates[:1], trained=trained)

    return observed


def _init(init: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(init)
    def observed(*args: Any, **kwargs: Any) -> Any:
        with initialising():
            return init(*args, **kwargs)

    return observed
