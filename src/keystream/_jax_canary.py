"""A small program of known calls, to learn whether all that JAX runs is shown to who looks on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax

_NAME = "keystream_canary"


class Canary:
    """Notes what it is shown of the thread that made it.

    Attributes:
        calls: how many compiled calls of the canary's program.
        operations: the primitives of keys that ran eagerly.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.operations: set[str] = set()
        self._thread = threading.get_ident()

    def compiled_call(self, arguments: Sequence[Any], parameters: Mapping[str, Any]) -> bool:
        """Count a call of the program."""
        mine = threading.get_ident() == self._thread and parameters.get("name") == _NAME
        self.calls += mine
        return True

    def key_operation(self, primitive: str, arguments: tuple[Any, ...], result: Any) -> None:
        """Note an eager operation."""
        if threading.get_ident() == self._thread:
            self.operations.add(primitive)

    def unseen_call(self, reason: str) -> None:
        """What is unseen is missing in the count."""


def unseen(open_door: Callable[[Canary], Callable[[], None]]) -> list[str]:
    """What of the program is not shown.

    It neither draws nor derives: XLA compiles Threefry for a tenth of a second, and the door shows
    every call and every eager operation in the same way. Its settings are its own, so it runs the same
    whatever the user's say of jitting and transfers.

    Args:
        open_door: shows all that runs to a canary, until what it returns is called.

    Returns:
        The calls that were not shown, in words; empty where all were.
    """
    with jax.disable_jit(False), jax.transfer_guard("allow"):
        return _unseen(open_door)


def _unseen(open_door: Callable[[Canary], Callable[[], None]]) -> list[str]:
    def program(key: jax.Array) -> jax.Array:
        return jax.random.clone(key)

    program.__name__ = _NAME
    jitted, canary, missing = jax.jit(program), Canary(), list[str]()
    jitted(jax.random.key(0))  # answered in C++ from now on, with no door open
    close = open_door(canary)
    try:
        key = jax.random.clone(jax.random.key(0))
        compiled = jitted.lower(key).compile()
        for name, call in (
            ("the first call of a compiled function", jitted),
            ("a repeated call of it", jitted),
            ("a call of a program compiled ahead of time", compiled),
        ):
            before = canary.calls
            call(key)
            if canary.calls != before + 1:
                missing.append(name)
    finally:
        close()
    eager = {"random_seed": "a seed made into a key", "random_clone": "a clone of a key"}
    return missing + [eager[name] for name in eager if name not in canary.operations]
