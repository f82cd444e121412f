"""One quiet line on a terminal that says how an audit goes; it gives way to what the program prints."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from keystream._session.keeper import Glance

QUIET = 0.5  # seconds for which the program must have printed nothing
_CLEAR = "\r\x1b[K"


class StatusLine:
    """The line; nothing at all where the stream is no terminal.

    Args:
        stream: that the line is written to.
    """

    def __init__(self, stream: TextIO) -> None:
        self.wanted = stream.isatty()
        self._stream = stream
        self._write: Callable[[str], Any] = stream.write
        self._shown = False
        self._at_start, self._last = True, 0.0

    def show(self, glance: Glance) -> None:
        """Write the line anew, where the program has finished its own and is quiet."""
        quiet = self._at_start and time.monotonic() - self._last >= QUIET
        if not self.wanted or glance.step is None or not quiet:
            return
        found = f"{glance.findings} finding{'s' * (glance.findings != 1)} so far"
        draws = f"{glance.draws:,} draw{'s' * (glance.draws != 1)}"
        line = f"keystream audit: step {glance.step:,} · {draws} · {found}"
        width = shutil.get_terminal_size().columns - 1
        self._shown = True
        self._write(f"{_CLEAR}\x1b[2m{line[:width]}\x1b[0m")
        self._stream.flush()

    @contextlib.contextmanager
    def beside_output(self) -> Generator[None, None, None]:
        """Within the block, what the program prints takes the place of the line."""
        streams = [each for each in (sys.stdout, sys.stderr) if self.wanted and each.isatty()]
        for each in streams:
            each.write = self._giving_way(each.write)  # type: ignore[method-assign]
        try:
            yield
        finally:
            self.wanted = False
            for each in streams:
                vars(each).pop("write", None)
            self._clear()

    def _giving_way(self, write: Callable[[str], Any]) -> Callable[[str], Any]:
        def written(text: str) -> Any:
            self._clear()
            self._last = time.monotonic()
            if text:
                self._at_start = text.endswith("\n")
            return write(text)

        return written

    def _clear(self) -> None:
        if self._shown:
            self._shown = False
            self._write(_CLEAR)
            self._stream.flush()
