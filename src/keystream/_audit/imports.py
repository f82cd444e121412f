"""Tells when the program has imported a library, so that the audit never imports it before.

What a library does while it is imported is then done when the program wants it: JAX reads its
environment variables, and draws from NumPy's global generator.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import ModuleType

import wrapt

_waiting: dict[str, list[Callable[[], None]]] = {}
_registered: set[str] = set()  # wrapt keeps a hook until it has fired: one a library is enough


def when_imported(library: str, call: Callable[[], None]) -> Callable[[], None]:
    """Call something as soon as a library has been imported whole; at once where it is.

    Args:
        library: absolute name of a module, such as ``flax.linen``.
        call: what is called; what it raises is raised by the program's import.

    Returns:
        What withdraws the call, if it has not been made.
    """
    if library in sys.modules:
        call()
        return _nothing
    waiting = _waiting.setdefault(library, [])
    waiting.append(call)
    if library not in _registered:
        _registered.add(library)
        wrapt.register_post_import_hook(functools.partial(_tell, library), library)

    def withdraw() -> None:
        if call in waiting:
            waiting.remove(call)

    return withdraw


def _nothing() -> None:
    pass


def _tell(library: str, module: ModuleType) -> None:
    _registered.discard(library)
    for call in _waiting.pop(library, []):
        call()
