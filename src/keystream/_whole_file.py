"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from pathlib import Path
from typing import IO


def refusal(path: Path) -> str:
    """Why a file can't be written, as far as can be known; empty where nothing is against it."""
    if path.is_dir():
        return "it is a directory"
    if not path.parent.is_dir():
        return "its directory is not there"
    if not os.access(path.parent, os.W_OK):
        return "its directory can't be written to"
    return ""


@contextlib.contextmanager
def replacing(path: Path) -> Generator[IO[bytes], None, None]:
    """A file that takes its name when the block has ended well; until then what was there stays.

    A name that is no regular file, such as ``/dev/stdout`` or a pipe, is written to as it is.

    Raises:
        OSError: it can't be written; what was there before stands.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    path = Path(os.path.realpath(path))  # a link stays one
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
