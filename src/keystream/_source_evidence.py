"""What a run can't show and its source can: lint's word on the functions that ran.

The order of a set of names, a keep probability given as a rate: the values of one run look right. Lint
reads the files of the program for these mistakes, and what stands in a function that was seen to run
joins the audit's report.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from keystream._audit import frames
from keystream._audit.judge import in_order
from keystream._audit.judged import shown
from keystream._audit.recording import Recording
from keystream._findings import Finding, Location, Report
from keystream._linter import engine
from keystream._linter.config import Config
from keystream._rules import from_source


def with_source(report: Report, recording: Recording) -> Report:
    """The report with what only the source shows of the functions that ran; one finding a mistake."""
    ran = {
        (place.path, place.function)
        for stack in (
            *(site.stack for site in recording.sites),
            *(note.frames for note in recording.notes),
        )
        for place in stack
        if frames.is_user(place.path) and Path(place.path).suffix == ".py"
    }
    known = {finding.code for finding in report.findings if finding.severity != "note"}
    files = sorted({path for path, _ in ran if Path(path).is_file()})
    wanted = tuple(code for code in from_source() if code not in known)
    if not files or not wanted:
        return report
    found = [
        _shown(finding)
        for finding in _read(files)
        if finding.code in wanted and finding.severity != "note" and _ran(finding, ran)
    ]
    return replace(report, findings=in_order([*report.findings, *found])) if found else report


_known: dict[tuple[str, int, int], tuple[Finding, ...]] = {}  # by file as it is: tests share files


def _read(files: Sequence[str]) -> list[Finding]:
    """Lint's findings of the files, each file read once for as long as it stays as it is."""
    versions = {
        path: (path, stat.st_mtime_ns, stat.st_size) for path in files if (stat := _stat(path))
    }
    new = [path for path, version in versions.items() if version not in _known]
    if new:
        report = engine.check(new, Config(select=from_source(), tests="same"), jobs=1)
        for path in new:
            found = (each for each in report.findings if each.locations[0].path == path)
            _known[versions[path]] = tuple(found)
    return [finding for version in versions.values() for finding in _known[version]]


def _stat(path: str) -> os.stat_result | None:
    try:
        return Path(path).stat()
    except OSError:
        return None


def _ran(finding: Finding, ran: set[tuple[str, str]]) -> bool:
    return any((place.path, place.function) in ran for place in finding.locations[:1])


def _shown(finding: Finding) -> Finding:
    def near(places: tuple[Location, ...]) -> tuple[Location, ...]:
        return tuple(shown(place) for place in places)

    return replace(finding, locations=near(finding.locations), related=near(finding.related))
