"""A text in an editor: its findings and its quick fixes, whatever state it is in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keystream._findings import Finding
from keystream._lint.repairs import Repair, Text, repairs
from keystream._lint.source import Source, UnreadableError
from keystream._linter.config import Config, read_config
from keystream._linter.engine import Worker, unreadable
from keystream._linter.judging import judged, read
from keystream.errors import KeystreamError


@dataclass(frozen=True, slots=True)
class Checked:
    """What there is to say about a text."""

    findings: tuple[Finding, ...]


def open_text(path: Path, text: str) -> Checked:
    """The findings of a text that is being edited; one that can't be parsed has that one finding."""
    config = _config(path)
    source = Source(str(path), text)
    try:
        findings, _ = Worker(config).judge(source, path)
    except UnreadableError as error:
        findings = (unreadable(source.path, error.reason, error.line),)
    except (RecursionError, MemoryError):
        findings = ()
    return Checked(tuple(finding for finding in findings if config.wants(finding.code, str(path))))


def quick_fixes(path: Path, text: str, first: int, last: int) -> list[Repair]:
    """The repairs for findings on some lines, from 1, both included."""
    source = Source(str(path), text)
    try:
        tree, module = read(Worker(_config(path)).project, source, path)
    except (UnreadableError, RecursionError, MemoryError):
        return []
    there = {
        (finding.code, finding.locations[0].line)
        for finding in judged(module, source)
        if finding.suppressed is None
    }
    return [
        repair
        for repair in repairs(module, Text(text, tree))
        if isinstance(repair, Repair)
        and first <= repair.line <= last
        and (repair.code, repair.line) in there
    ]


def _config(path: Path) -> Config:
    try:
        return read_config(path)
    except KeystreamError:
        return Config()  # the command says what is wrong with it
