"""What observers know of the running thread: whether a model is being initialised or differentiated."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from keystream._audit import frames

_thread = threading.local()

# functions of JAX (and of frameworks over it) whose presence on the stack means differentiation
_GRADIENTS = ("value_and_grad", "grad_f", "_vjp", "vjp", "linearize", "jacrev", "_grad", "jvp")


@contextmanager
def initialising() -> Generator[None, None, None]:
    """Draws inside belong to the initialisation of a model."""
    _thread.depth = getattr(_thread, "depth", 0) + 1
    try:
        yield
    finally:
        _thread.depth -= 1


def marks() -> frozenset[str]:
    """Flags for what is drawn now."""
    return frozenset({"initialising"}) if getattr(_thread, "depth", 0) else frozenset()


def differentiating() -> bool:
    """Whether the running code is differentiated by JAX, as far as the stack tells."""
    frame: FrameType | None = frames.here(1)
    while frame is not None:
        code = frame.f_code
        in_api = code.co_filename.endswith("api.py") and frames.is_jax(code.co_filename)
        if in_api and any(name in code.co_name for name in _GRADIENTS):
            return True
        frame = frame.f_back
    return False
