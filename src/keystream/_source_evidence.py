"""What a run can't show and its source can: lint's word on the functions that ran.

The order of a set of names, a keep probability given as a rate: the values of one run look right. Lint
reads the files of the program for these mistakes, and what stands on a line that ran joins the audit's
report.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from keystream._audit import frames
from keystream._audit.judge import in_order
from keystream._audit.judged import shown
from keystream._audit.recording import Recording
from keystream._evidence.source import cells
from keystream._findings import Finding, Location, Report
from keystream._linter import engine
from keystream._linter.cells import check_cells
from keystream._linter.config import Config
from keystream._rules import from_source


def with_source(
    report: Report, recording: Recording, lines: Mapping[str, Collection[int]] | None
) -> Report:
    """The report with what only the source shows of what ran; one finding a mistake.

    Args:
        report: what the draws show.
        recording: that it was made of.
        lines: by file the lines that ran; None where that is not known, before Python 3.12: then what
            stands in a function that draws, or called one that does, is taken to have run.
    """
    ran = _Ran(recording, lines)
    known = {finding.code for finding in report.findings if finding.severity != "note"}
    files = sorted(path for path in ran.files if Path(path).is_file())
    wanted = tuple(code for code in from_source() if code not in known)
    if not files or not wanted:
        return report
    of_notebook = set(cells())
    modules = [path for path in files if path not in of_notebook]
    found = [
        _shown(finding)
        for finding in [*_read(modules), *_in_cells(files)]
        if finding.code in wanted
        and finding.severity != "note"
        and ran.reached(finding.locations[0])
        and not ran.judged(finding)
    ]
    return replace(report, findings=in_order([*report.findings, *found])) if found else report


class _Ran:
    """What of the program's source was reached."""

    def __init__(self, recording: Recording, lines: Mapping[str, Collection[int]] | None) -> None:
        self._lines = lines
        generators = recording.evidence.get("generators")
        excused = generators.excused if generators is not None else ()
        self._judged = {
            (place.path, place.line)
            for place in (
                *(each.place for each in excused),
                *(
                    each.locations[0]
                    for each in recording.evidence["verdicts"]
                    if each.code == "KS504"
                ),
            )
            if place is not None
        }
        self._functions = {
            (place.path, place.function)
            for stack in (
                *(site.stack for site in recording.sites),
                *(note.frames for note in recording.notes),
            )
            for place in stack
            if frames.is_user(place.path)
        }
        paths = {path for path, _ in self._functions} | set(lines or ())
        self.files = {path for path in paths if Path(path).suffix == ".py"}

    def judged(self, finding: Finding) -> bool:
        """Whether the run showed the generators of a finding: what they are is judged by that."""
        places = (*finding.locations, *finding.related)
        return finding.code == "KS504" and any(
            (place.path, place.line) in self._judged for place in places
        )

    def reached(self, place: Location) -> bool:
        """Whether a place was run."""
        if self._lines is not None:
            return place.line in self._lines.get(place.path, ())
        return (place.path, place.function) in self._functions


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


def _in_cells(files: Collection[str]) -> list[Finding]:
    """Lint's findings in the notebook, where some of the files are cells of it: one program together."""
    numbered = dict(enumerate((path for path in cells() if Path(path).is_file()), start=1))
    if not any(path in files for path in numbered.values()):
        return []
    texts = tuple((i, Path(path).read_text(encoding="utf-8")) for i, path in numbered.items())

    def of_its_file(places: tuple[Location, ...]) -> tuple[Location, ...]:
        return tuple(
            replace(place, path=numbered[place.cell], cell=0) if place.cell in numbered else place
            for place in places
        )

    return [
        replace(each, locations=of_its_file(each.locations), related=of_its_file(each.related))
        for each in _notebook(texts)
    ]


@lru_cache(maxsize=1)  # a running audit is looked at again and again
def _notebook(texts: tuple[tuple[int, str], ...]) -> tuple[Finding, ...]:
    return check_cells(texts, Config(select=from_source(), tests="same")).findings


def _stat(path: str) -> os.stat_result | None:
    try:
        return Path(path).stat()
    except OSError:
        return None


def _shown(finding: Finding) -> Finding:
    def near(places: tuple[Location, ...]) -> tuple[Location, ...]:
        return tuple(shown(place) for place in places)

    return replace(finding, locations=near(finding.locations), related=near(finding.related))
