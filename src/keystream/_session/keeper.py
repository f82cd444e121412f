"""A thread beside an audit: saves its record, ends it in time, shows how it goes, hears signals."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

from keystream._session.running import Glance, Running

TICK = 0.2  # seconds between two looks at the clock
# Judging and saving take at most a fiftieth of the time: they share the interpreter with the program.
SHARE = 50
EAGER = 4  # where the first finding is waited for


class Keeper:
    """Looks at a running audit now and then, until the block ends.

    What was seen is judged and saved as soon as there is something, and again when fifty times as
    long has passed as that took: a killed program leaves a record of nearly all of it.

    Args:
        running: the audit.
        looks: whether it is judged meanwhile; saved only where a record is wanted.
        show: is told every second how it stands.
        hear: is given the bytes that Python writes for signals to `wakeup`.
    """

    def __init__(
        self,
        running: Running,
        *,
        looks: bool = True,
        show: Callable[[Glance], None] | None = None,
        hear: Callable[[bytes], None] | None = None,
    ) -> None:
        self._running, self._looks, self._show, self._hear = running, looks, show, hear
        self._near, self.wakeup = socket.socketpair()
        self._near.setblocking(False)
        self.wakeup.setblocking(False)
        self._over = False
        self._thread = threading.Thread(target=self._keep, name="keystream-audit", daemon=True)

    def __enter__(self) -> Keeper:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        self.wakeup.send(b"\0")
        self._thread.join()
        self._near.close()
        self.wakeup.close()

    def _keep(self) -> None:
        due = shown = 0.0
        while not self._over:
            self._listen()
            now = time.monotonic()
            if self._over or self._running.concluded:
                continue
            limit = self._running.window.seconds
            if limit is not None and now - self._running.started >= limit:
                self._running.leave(f"the first {limit:g} s were audited")
            elif self._looks and now >= due and self._running.opening.gate.step is not None:
                self._look()
                share = EAGER if self._running.window.until_finding else SHARE
                due = time.monotonic() + share * (time.monotonic() - now)
            if self._show is not None and now - shown >= 1:
                self._show(self._running.glance())
                shown = now

    def _look(self) -> None:
        try:
            report = self._running.look()
        except Exception:  # the last look, at the end, tells what is wrong
            self._looks = False
            return
        if report is not None and report.exit_code and self._running.window.until_finding:
            self._running.leave("it ended with the first finding")

    def _listen(self) -> None:
        ready, _, _ = select.select([self._near], [], [], TICK)
        heard = self._near.recv(4096).strip(b"\0") if ready else b""
        if heard and self._hear is not None:
            self._hear(heard)
