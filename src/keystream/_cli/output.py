"""Standard output as it may be: closed, of few characters, or read by one who leaves before its end."""

from __future__ import annotations

import codecs
import contextlib
import os
import shutil
import sys
import textwrap
from collections.abc import Generator
from contextlib import contextmanager
from typing import TextIO

# What stands for the signs that reports use, where an encoding has none of them.
_PLAIN = {
    "→": "->",
    "·": "-",
    "…": "...",
    "—": "-",
    "–": "-",
    "×": "x",
    "“": '"',
    "”": '"',
    "’": "'",
}
_ERRORS = "keystream.plain"


def _plain(error: UnicodeError) -> tuple[str, int]:
    """A handler of encoding errors: plain signs, and escapes for all that has none."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    made = (_PLAIN.get(each) or each.encode("ascii", "backslashreplace").decode() for each in text)
    return "".join(made), error.end


codecs.register_error(_ERRORS, _plain)


@contextmanager
def writable(*streams: TextIO) -> Generator[None, None, None]:
    """Within the block, the streams write any text, whatever their encoding."""
    changed: list[tuple[TextIO, str]] = []
    for stream in streams:
        errors = getattr(stream, "errors", None)
        if errors == "strict" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_ERRORS)  # type: ignore[union-attr]
            changed.append((stream, errors))
    try:
        yield
    finally:
        for stream, errors in changed:
            with contextlib.suppress(OSError, ValueError):
                stream.reconfigure(errors=errors)  # type: ignore[union-attr]


def open_missing() -> None:
    """Give a process that was started without standard streams (``>&-``) ones that go nowhere.

    Else the first file that it opens would get their numbers, and what is printed go into it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            with contextlib.suppress(OSError):
                where = os.open(os.devnull, os.O_RDWR)
                if where != number:
                    os.dup2(where, number)
                    os.close(where)
                if number:  # that there is no input is told by the command that wants it
                    setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


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
            sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
    except SystemExit as leaving:  # what rich makes of a closed pipe, with a code of its own
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise


def show(text: str) -> None:
    """Print the text of a report whose verdict is known: a reader who leaves does not change it."""
    with reader_may_leave():
        sys.stdout.write(text)


def tell(line: str) -> None:
    """Print a line on standard error beside a verdict; a reader who leaves does not change it."""
    try:
        print(line, file=sys.stderr, flush=True)
    except BrokenPipeError:
        discard_output(sys.stderr)


WRITTEN_FOR = 80  # columns


def columns() -> int:
    """Of the terminal; in a pipe or a file there is room for what was written."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else WRITTEN_FOR


def fitted(text: str, width: int) -> str:
    """Text that is written for 80 columns, for a narrower terminal: no word is cut in two.

    A paragraph of plain lines is filled anew; an indented line, a row or code, is broken between its
    words and goes on further in.
    """
    if width >= WRITTEN_FOR:
        return text
    return "\n\n".join(_paragraph(each, width) for each in text.split("\n\n"))


def _paragraph(text: str, width: int) -> str:
    lines = text.split("\n")
    if not any(line.startswith(" ") or "  " in line for line in lines):
        lines = [" ".join(lines)]
    return "\n".join(_line(line, width) for line in lines)


def _line(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line,
        max(width, len(indent) + 16),
        subsequent_indent=f"{indent}    " if indent else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


def discard_output(stream: TextIO | None = None) -> None:
    """Send what is still buffered, and all that follows, nowhere; of standard output by default."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), (stream or sys.stdout).fileno())
