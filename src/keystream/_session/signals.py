"""The report of a program that is stopped from outside: what was seen so far, then the signal's own end.

Python runs a handler between two instructions of the main thread, which may be within XLA for
minutes. It writes a byte for the signal at once, though, so the keeper's thread reports where the
main thread does not come to it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Generator
from types import FrameType

from keystream._session.keeper import Keeper

STOPPING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
GRACE = 2.0  # seconds that the main thread has to come to its handler


class Stopping:
    """Reports and lets the process end where a signal that the program leaves to Python stops it.

    Args:
        report: makes the report, given the signal's number; must not wait for the device.
    """

    def __init__(self, report: Callable[[int], None]) -> None:
        self._report, self._process = report, os.getpid()
        self._handled = threading.Event()
        self._ending = threading.Lock()  # never let go: who has it reports and ends the process
        self._taken: list[int] = []

    @contextlib.contextmanager
    def installed(self, keeper: Keeper) -> Generator[None, None, None]:
        """Handle the signals within the block, those aside that are handled or ignored already."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._taken = [each for each in STOPPING if signal.getsignal(each) is signal.SIG_DFL]
        for each in self._taken:
            signal.signal(each, self._handle)
        before = signal.set_wakeup_fd(keeper.wakeup.fileno(), warn_on_full_buffer=False)
        if before != -1:
            signal.set_wakeup_fd(before)  # another listens there; handlers alone must do
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)
        try:
            yield
        finally:
            if os.getpid() == self._process:
                if before == -1:
                    signal.set_wakeup_fd(-1)
                self._forget()

    def _forget(self) -> None:
        """Leave the signals to the system again; a forked child is no audited program."""
        with contextlib.suppress(ValueError):
            if os.getpid() != self._process:
                signal.set_wakeup_fd(-1)
            for each in self._taken:
                if signal.getsignal(each) == self._handle:
                    signal.signal(each, signal.SIG_DFL)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """In the main thread: report, then end as the signal ends a process."""
        if self._handled.is_set():
            return  # a second signal, while the report is being written
        self._handled.set()
        self._ending.acquire()  # a main thread that comes late waits for the end
        try:
            self._report(number)
        finally:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    def hear(self, numbers: bytes) -> None:
        """In the keeper's thread: report where the main thread does not come to its handler."""
        ours = [n for n in numbers if n in self._taken and signal.getsignal(n) == self._handle]
        if not ours or self._handled.wait(GRACE) or not self._ending.acquire(blocking=False):
            return
        try:
            self._report(ours[0])
        finally:
            os._exit(128 + ours[0])
