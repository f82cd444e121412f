"""Applying repairs: one after the other, each kept only if its finding is gone and nothing new came."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from keystream._findings import Finding
from keystream._lint.repairs import Edit, Repair, Text, repairs
from keystream._lint.source import Source, UnreadableError, parse, read_source
from keystream._linter.config import Config
from keystream._linter.engine import Worker
from keystream._linter.judging import judged, read

MAX_REPAIRS = 200  # of one file


@dataclass(frozen=True, slots=True)
class Fixed:
    """What became of one file.

    Attributes:
        path: the file.
        before: its text.
        after: its text with the repairs.
        repairs: those that were kept, in order.
    """

    path: Path
    before: str
    after: str
    repairs: tuple[Repair, ...]

    def diff(self) -> str:
        """The change as a unified diff."""
        name = self.path.as_posix()
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            f"a/{name}",
            f"b/{name}",
        )
        return "".join(
            line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"
            for line in lines
        )


def fix(path: Path, config: Config, *, unsafe: bool) -> Fixed | None:
    """Repair one file in memory; None where there is nothing to repair or the file can't be read."""
    if path.suffix == ".ipynb":
        return None  # cells are left to their owner
    try:
        source = read_source(path, str(path))
        before = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (UnreadableError, UnicodeDecodeError, OSError):
        return None
    worker = Worker(config)
    done: list[Repair] = []
    refused: set[tuple[str, str]] = set()
    while len(done) < MAX_REPAIRS:
        step = _next(worker, source, path, unsafe=unsafe, refused=refused)
        if step is None:
            break
        repair, source = step
        done.append(repair)
    if not done:
        return None
    return Fixed(path, before, source.text, tuple(done))


def _next(
    worker: Worker, source: Source, path: Path, *, unsafe: bool, refused: set[tuple[str, str]]
) -> tuple[Repair, Source] | None:
    """The first repair that helps, and the source after it."""
    try:
        tree, module = read(worker.project, source, path)
    except (UnreadableError, RecursionError):
        return None
    found = _wanted(judged(module, source), worker.config)
    open_lines = {(finding.code, finding.locations[0].line) for finding in found}
    before = _counts(found)
    for repair in repairs(module, Text(source.text, tree)):
        name = (repair.code, repr(repair.edits))
        if (
            (repair.code, repair.line) not in open_lines
            or name in refused
            or not (repair.safe or unsafe)
        ):
            continue
        changed = Source(source.path, apply(source.text, repair.edits))
        if _helps(worker, changed, path, before, repair.code):
            return repair, changed
        refused.add(name)
    return None


def _helps(worker: Worker, changed: Source, path: Path, before: Counter[str], code: str) -> bool:
    """Whether the finding is gone and no other came in its place."""
    try:
        parse(changed)
        _, module = read(worker.project, changed, path)
    except (UnreadableError, RecursionError):
        return False
    after = _counts(_wanted(judged(module, changed), worker.config))
    return after[code] < before[code] and all(
        after[other] <= before[other] for other in after if other != code
    )


def _wanted(findings: Iterable[Finding], config: Config) -> list[Finding]:
    return [
        finding
        for finding in findings
        if finding.suppressed is None and config.wants(finding.code, finding.locations[0].path)
    ]


def _counts(findings: Iterable[Finding]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for finding in findings:
        counts[finding.code] += finding.count
    return counts


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
