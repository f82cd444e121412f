"""Equinox: Dropout with its rate and mode."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx

from keystream._audit.observers import dropout, replace


def install(recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Observe Equinox until the audit ends."""
    replace(eqx.nn.Dropout, "__call__", _dropout(recorder, eqx.nn.Dropout.__call__), undo)
    for name in ("inference_mode", "tree_inference"):
        if hasattr(eqx.nn, name):
            replace(eqx.nn, name, dropout.switching(recorder, getattr(eqx.nn, name)), undo)


def _dropout(recorder: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def observed(
        self: Any, x: Any, *, key: Any = None, inference: Any = None, deterministic: Any = None
    ) -> Any:
        mode = deterministic if deterministic is not None else inference
        mode = self.inference if mode is None else mode
        given = ("key",) if key is not None else ()
        dropout.note(
            recorder, "equinox.nn.Dropout", self.p, mode, path="", collection="key", given=given
        )
        return call(self, x, key=key, inference=inference, deterministic=deterministic)

    return observed
