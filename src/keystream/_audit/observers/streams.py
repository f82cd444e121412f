"""The library's own `Streams`: which there are, so that their keys are read back to their names."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import jax
from jax.core import Tracer

from keystream._audit.observers import replace

INSTANCES = 256  # of `Streams` whose keys are known by name
BATCHES = 32  # of a stream, of which the first key is kept; a place's first draw is among them


def install(recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Observe `Streams` until the audit ends."""
    streams = sys.modules["keystream._streams"].Streams
    for name in ("__init__", "key", "rngs", "init_rngs"):
        replace(streams, name, _noted(recorder, getattr(streams, name)), undo)
    replace(streams, "keys", _batched(recorder, streams.keys), undo)


def _noted(recorder: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def observed(self: Any, *arguments: Any, **named: Any) -> Any:
        result = call(self, *arguments, **named)
        _note(recorder, self)
        return result

    return observed


def _batched(recorder: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def observed(self: Any, name: str, *arguments: Any, **named: Any) -> Any:
        keys = call(self, name, *arguments, **named)
        _note(recorder, self)
        kept = recorder.recording.batches.setdefault(self.declaration.qualified(name), [])
        if len(kept) < BATCHES and _is_concrete(keys):
            kept.append(jax.random.key_data(keys))
        return keys

    return observed


def _note(recorder: Any, streams: Any) -> None:
    """Keep the declaration with its roots; traced ones are those of an instance that was seen before."""
    known, roots = recorder.recording.declared, streams.roots
    name = streams.declaration, id(roots)
    if name not in known and len(known) < INSTANCES and _is_concrete(roots):
        known[name] = roots  # which also keeps the id that of these roots


def _is_concrete(value: Any) -> bool:
    return not isinstance(value, Tracer)
