"""Keras: Dropout with its rate and mode."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras

from keystream._audit.observers import dropout, replace


def install(recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Observe Keras until the audit ends."""
    replace(keras.layers.Dropout, "call", _dropout(recorder, keras.layers.Dropout.call), undo)


def _dropout(recorder: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def observed(self: Any, inputs: Any, training: Any = False) -> Any:
        mode = None if training is None else not training
        dropout.note(
            recorder,
            "keras.layers.Dropout",
            self.rate,
            mode,
            path=self.name,
            collection="seed",
            given=(),
        )
        return call(self, inputs, training=training)

    return observed
