"""Flax Linen: the streams that modules ask for and get, Dropout, lifted transforms."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FrameType
from typing import Any

import flax.linen as nn
from flax.core import lift
from flax.core.scope import Scope

from keystream._audit.observers import dropout, replace
from keystream._audit.observers.state import initialising, marks

_SCOPE = Scope.make_rng.__code__.co_filename
_lifted: dict[int, Any] = {}


def install(recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Observe Linen until the audit ends."""
    has_rng = Scope.has_rng
    replace(Scope, "make_rng", _make_rng(recorder, Scope.make_rng, has_rng), undo)
    replace(Scope, "has_rng", _has_rng(recorder, has_rng), undo)
    for name in ("init", "init_with_output"):
        replace(nn.Module, name, _init(recorder, getattr(nn.Module, name)), undo)
    replace(nn.Module, "apply", _apply(recorder, nn.Module.apply), undo)
    replace(nn.Dropout, "__call__", _dropout(recorder, nn.Dropout.__call__), undo)
    for name in ("scan", "vmap"):
        replace(lift, name, _lift(recorder, name, getattr(lift, name)), undo)
        replace(nn, name, _define(recorder, getattr(nn, name)), undo)


def _make_rng(
    recorder: Any, make: Callable[..., Any], has_rng: Callable[..., bool]
) -> Callable[..., Any]:
    @functools.wraps(make)
    def make_rng(self: Any, name: str = "params") -> Any:
        served = name if has_rng(self, name) or not has_rng(self, "params") else "params"
        recorder.note(
            "make_rng",
            depth=2,
            asked=name,
            served=served,
            path="/".join(self.path),
            given=tuple(self.rngs),
            initialising="initialising" in marks(),
            kept=served != name and _is_kept(),
        )
        return make(self, name)

    return make_rng


def _has_rng(recorder: Any, has_rng: Callable[..., bool]) -> Callable[..., bool]:
    """Asking for a stream by name: where it is not there, the model does without it in silence."""

    @functools.wraps(has_rng)
    def observed(self: Any, name: str) -> bool:
        found = has_rng(self, name)
        if not found and self.rngs:
            recorder.note(
                "has_rng",
                depth=2,
                asked=name,
                served="",
                path="/".join(self.path),
                given=tuple(self.rngs),
                initialising="initialising" in marks(),
                kept=False,
            )
        return found

    return observed


def _is_kept() -> bool:
    """Whether what is drawn becomes a variable of the model."""
    frame: FrameType | None = inspect.currentframe()
    while frame is not None:
        code = frame.f_code
        if code.co_filename == _SCOPE and code.co_name in ("variable", "param"):
            return True
        frame = frame.f_back
    return False


def _init(recorder: Any, init: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(init)
    def observed(self: Any, rngs: Any, *args: Any, **kwargs: Any) -> Any:
        recorder.note(
            "init", depth=2, model=type(self).__name__, given=_names(rngs), flags=_flags(kwargs)
        )
        with initialising():
            return init(self, rngs, *args, **kwargs)

    return observed


def _apply(recorder: Any, apply: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(apply)
    def observed(self: Any, variables: Any, *args: Any, rngs: Any = None, **kwargs: Any) -> Any:
        recorder.note(
            "apply", depth=2, model=type(self).__name__, given=_names(rngs), flags=_flags(kwargs)
        )
        return apply(self, variables, *args, rngs=rngs, **kwargs)

    return observed


def _dropout(recorder: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def observed(self: Any, inputs: Any, deterministic: Any = None, rng: Any = None) -> Any:
        mode = self.deterministic if deterministic is None else deterministic
        dropout.note(
            recorder,
            "flax.linen.Dropout",
            self.rate,
            mode,
            path="/".join(self.path),
            collection=self.rng_collection,
            given=tuple(self.scope.rngs) if self.scope is not None else (),
        )
        return call(self, inputs, deterministic, rng)

    return observed


def _define(recorder: Any, transform: Callable[..., Any]) -> Callable[..., Any]:
    """Remember the line that declared a lifted transform, by the mapping it was given."""

    @functools.wraps(transform)
    def observed(*args: Any, **kwargs: Any) -> Any:
        splits = kwargs.get("split_rngs")
        if splits is not None:
            key = recorder.place(depth=2)
            _lifted[id(splits)] = (splits, key)
        return transform(*args, **kwargs)

    return observed


def _lift(recorder: Any, name: str, transform: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(transform)

    @functools.wraps(transform)
    def observed(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        splits = given.get("split_rngs") or {}
        declared = _lifted.get(id(given.get("split_rngs")), (None, None))[1]
        axes, broadcast = given.get("variable_axes") or {}, given.get("variable_broadcast", False)
        recorder.note(
            "lifted",
            depth=2,
            transform=name,
            shared=tuple(str(stream) for stream, split in splits.items() if not split),
            split=tuple(str(stream) for stream, split in splits.items() if split),
            own_parameters=any(
                axis is not None for each, axis in axes.items() if "params" in str(each)
            ),
            one_parameters=_mentions(broadcast, "params")
            or any(axis is None for each, axis in axes.items() if "params" in str(each)),
            declared=declared,
        )
        return transform(*args, **kwargs)

    return observed


def _mentions(names: Any, name: str) -> bool:
    return names is True or names == name or (not isinstance(names, (bool, str)) and name in names)


def _names(rngs: Any) -> tuple[str, ...] | None:
    """The streams given; None for a single key, empty for none."""
    if rngs is None:
        return ()
    return tuple(str(name) for name in rngs) if hasattr(rngs, "keys") else None


def _flags(kwargs: dict[str, Any]) -> dict[str, bool]:
    return {name: value for name, value in kwargs.items() if isinstance(value, bool)}
