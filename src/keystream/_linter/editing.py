"""Edits of a text."""

from __future__ import annotations

from collections.abc import Iterable

from keystream._lint.repairs import Edit


def apply(text: str, edits: Iterable[Edit]) -> str:
    """A text with edits made, the last first so that places stay right."""
    lines = text.encode().split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    raw = text.encode()
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        begin = starts[edit.start[0] - 1] + edit.start[1]
        end = min(starts[edit.end[0] - 1] + edit.end[1], len(raw))
        raw = raw[:begin] + edit.text.encode() + raw[end:]
    return raw.decode()


def as_before(old: bytes, text: str) -> bytes:
    """Text with the line ends and the byte order mark of the file that it replaces."""
    if b"\r\n" in old:
        text = text.replace("\n", "\r\n")
    mark = b"\xef\xbb\xbf"
    return (mark if old.startswith(mark) else b"") + text.encode()
