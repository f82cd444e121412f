"""Trying a repair: whether its finding is gone, and what comes in its place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from keystream._findings import Finding
from keystream._lint.repairs import Refusal, Repair, Text, repairs
from keystream._lint.source import Source, UnreadableError
from keystream._linter.cells import edited
from keystream._linter.config import Config
from keystream._linter.editing import apply
from keystream._linter.engine import Worker
from keystream._linter.judging import judged, read

WORSE = "the finding would stay, or another come in its place"
BETWEEN = "the repair would reach from one cell of the notebook into another"

# How many repairs one may call for. A use in a loop that an earlier use hid takes one; each is a file
# read and judged anew.
FURTHER = 2


@dataclass(frozen=True, slots=True)
class Judged:
    """A source with what was found in it.

    Attributes:
        source: the source.
        found: the findings that are wanted.
        known: its repairs, and why there are none.
    """

    source: Source
    found: tuple[Finding, ...]
    known: tuple[Repair | Refusal, ...]

    def open_repairs(self) -> Iterator[Repair]:
        """The repairs of what was found."""
        there = {(finding.code, finding.locations[0].line) for finding in self.found}
        for each in self.known:
            if isinstance(each, Repair) and (each.code, each.line) in there:
                yield each


def judge(worker: Worker, source: Source, path: Path) -> Judged | None:
    """What is found in a source; None where it can't be read."""
    try:
        tree, module = read(worker.project, source, path)
    except (UnreadableError, RecursionError):
        return None
    found = tuple(_wanted(judged(module, source), worker.config))
    return Judged(source, found, tuple(repairs(module, Text(source.text, tree))))


@dataclass(frozen=True, slots=True)
class Trial:
    """Repairs that are tried on a source, one by one.

    Attributes:
        worker: that judges.
        path: of the file.
        before: the source as it is.
        unsafe: whether drawn bits may change.
    """

    worker: Worker
    path: Path
    before: Judged
    unsafe: bool

    def run(self, repair: Repair) -> tuple[Repair, Source] | str:
        """A repair with those that it calls for, and the source after them; or what is against it.

        Each use of a key is told once: where an earlier use is repaired, a loop may be told that drew
        with the same key. That is repaired in turn.
        """
        changed = _changed(self.before.source, repair)
        return BETWEEN if changed is None else self._settled(repair, changed, FURTHER)

    def _settled(self, whole: Repair, changed: Source, left: int) -> tuple[Repair, Source] | str:
        after = judge(self.worker, changed, self.path)
        if after is None:
            return WORSE
        against = self._against(whole, after)
        if not against:
            return whole, changed
        places = {(finding.code, finding.locations[0].line) for finding in against}
        for each in after.open_repairs() if left else ():
            if (each.code, each.line) not in places or not (each.safe or self.unsafe):
                continue
            further = _changed(changed, each)
            if further is not None:
                done = self._settled(_joined(whole, each), further, left - 1)
                if not isinstance(done, str):
                    return done
        finding = against[0]
        line = _line_before(whole, finding.locations[0].line)
        stays = "stay" if finding.code == whole.code else "come in its place"
        return f"{finding.code} at line {line} would {stays}"

    def _against(self, repair: Repair, after: Judged) -> list[Finding]:
        """The findings that stayed or came, those that are new first."""
        old, new = _counts(self.before.found), _counts(after.found)
        codes = {code for code in new if new[code] > old[code] and not repair.wakes}
        codes |= {repair.code} if new[repair.code] >= old[repair.code] else set()
        known = {_words(finding) for finding in self.before.found}
        against = [finding for finding in after.found if finding.code in codes]
        return sorted(against, key=lambda finding: _words(finding) in known)


def _words(finding: Finding) -> str:
    return re.sub(r"\d+", "", f"{finding.code} {finding.message}")


def _joined(first: Repair, then: Repair) -> Repair:
    title = f"{first.title}, then {then.title[:1].lower()}{then.title[1:]}"
    safe = first.safe and then.safe
    return replace(first, title=title, safe=safe, edits=(*first.edits, *then.edits))


def _line_before(repair: Repair, line: int) -> int:
    """The line that a line of the repaired source was before."""
    for edit in sorted(repair.edits, key=lambda edit: edit.start):
        added = edit.text.count("\n") - (edit.end[0] - edit.start[0])
        if line > edit.start[0] or (added < 0 and line == edit.start[0]):
            line -= added
    return line


def _changed(source: Source, repair: Repair) -> Source | None:
    if source.cells:
        return edited(source, repair.edits)
    return Source(source.path, apply(source.text, repair.edits))


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
