"""JAX's own draws, faster: its CPU lowering of Threefry replaced where that is a loop.

Up to JAX 0.12 the CPU lowering rolls the twenty rounds into a loop. XLA:CPU makes each turn a pass of
its own over the whole array, so ``jax.random.uniform`` spends most of its time in memory. Written out,
the rounds fuse with each other and with what reads them. Hashes of a few words, which is what deriving
keys is, stay JAX's: written out they would be copied into every kernel that reads the key.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock
from types import TracebackType
from typing import Any

import jax

from keystream import _threefry
from keystream._internals import LOWERINGS_TESTED, replace_threefry, threefry_is_rolled
from keystream.errors import UntestedJaxError

_LEAST = 64  # elements; fewer are keys, where a loop of scalars costs nothing
_UNROLLED = "this JAX's own CPU lowering of Threefry has no loop: there is nothing to replace"

_lock = Lock()
_holders: set[FuseThreefry] = set()
_restore: list[Callable[[], None]] = []  # one entry while the lowering is replaced
_told: set[str] = set()


class FuseThreefry:
    """What `fuse_threefry` returns: on from the call until `restore`, or the end of its ``with``.

    Attributes:
        reason: why nothing is done, where this JAX needs nothing; empty otherwise.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._turn_on()

    @property
    def active(self) -> bool:
        """Whether JAX's lowering is replaced through this object now."""
        return self in _holders

    def restore(self) -> None:
        """End it. The table is as it was before once every object has ended; again is no mistake."""
        with _lock:
            _holders.discard(self)
            if not _holders and _restore:
                _restore.pop()()

    def __enter__(self) -> FuseThreefry:
        if not self.active:
            self._turn_on()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.restore()

    def __repr__(self) -> str:
        return (
            f"<fuse_threefry: {'on' if self.active else 'off'}{self.reason and ', '}{self.reason}>"
        )

    def _turn_on(self) -> None:
        with _lock:
            self.reason = "" if _restore or _replaced() else _UNROLLED
            if _restore:
                _holders.add(self)


def fuse_threefry() -> FuseThreefry:
    """Compile JAX's own draws for the CPU with the rounds of Threefry written out.

    Guarantee: every bit that ``jax.random`` draws stays. What is lowered while this is on is faster:
    ``jax.random``, initialisers, ``nn.Dropout`` as it is. Keystream's own draws don't need it.

    Called alone, it is on from here to the end of the process, or to ``restore()`` of what it returns;
    in a ``with`` statement, to the end of the block. It may be on several times at once and end in any
    order; with the last the table of JAX's lowerings is exactly what it was.

    - A compiled function keeps what it has, on both sides: call this before the first draw.
      ``jax.jit`` of the same function and shapes, and eager draws of the same shapes, are compiled
      once; ``jax.clear_caches()`` makes JAX compile them again.
    - The table is the process's: other threads compile with it too while it is on. Turning it on and
      off from several threads is safe.
    - Programs for GPUs and TPUs are not affected.
    - Where this JAX's lowering has no loop, nothing is done: `reason` says so, and once a process the
      logger ``keystream`` does, at level WARNING. It is a log record, not a Python warning, because
      nothing is wrong: an upgrade of JAX should not break a program that makes errors of warnings.

    Returns:
        An object with ``active``, ``reason`` and ``restore()``.

    Raises:
        UntestedJaxError: KS011, this JAX has the loop, and replacing it was not tested with it.

    Example:
        >>> import jax
        >>> import keystream as ks
        >>> with ks.fuse_threefry():
        ...     weights = jax.jit(lambda key: jax.random.normal(key, (512, 512)))(jax.random.key(0))
        >>> weights.shape
        (512, 512)
    """
    return FuseThreefry()


def _replaced() -> bool:
    """Replace the lowering, where it has a loop; say so where it has none."""
    if not threefry_is_rolled():
        if _UNROLLED not in _told:
            _told.add(_UNROLLED)
            logging.getLogger("keystream").warning("fuse_threefry does nothing: %s", _UNROLLED)
        return False
    restore = replace_threefry(_block, _LEAST)
    if restore is None:
        tested = ", ".join(f"{major}.{minor}" for major, minor in LOWERINGS_TESTED)
        raise UntestedJaxError(
            f"fuse_threefry was not tested with JAX {jax.__version__}, only with {tested}",
            where="keystream.fuse_threefry",
            why="the table that it replaces an entry of is internal to JAX and may have changed",
            fix="leave the call out: draws are the same, only slower",
        )
    _restore.append(restore)
    return True


def _block(key0: Any, key1: Any, high: Any, low: Any) -> tuple[Any, Any]:
    return _threefry.block((key0, key1), (high, low))
