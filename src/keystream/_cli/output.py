"""Standard output whose reader may leave before its end, as in ``keystream rule | head -1``."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def reader_may_leave() -> Generator[None]:
    """Print in this block; where the reader has left, what is left of the block is skipped.

    Put it around a report whose verdict is known, and the exit code says the verdict all the same.
    """
    try:
        try:
            yield
        finally:
            # Here, since a failure of Python's own flush at exit can't be caught any more.
            if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison]
                sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
    except SystemExit as leaving:  # what rich makes of a closed pipe, with a code of its own
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise


def discard_output() -> None:
    """Send what is still buffered, and all that follows, nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
