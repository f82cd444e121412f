"""One audit from its start to its conclusion."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from keystream._audit import parquet
from keystream._audit.judge import judge
from keystream._audit.opening import Opening
from keystream._audit.recording import Recording
from keystream._audit.saved import Saved
from keystream._audit.window import Gate, Window
from keystream._findings import Finding, Report
from keystream._report.document import as_saved
from keystream._report.inline import bundle
from keystream._report.text import closing
from keystream._rules import rules, verdict
from keystream._source_evidence import with_source
from keystream.errors import KeystreamError, RecordNotSavedError, UntestedJaxError

File = str | os.PathLike[str]
PROCESS = "{process}"  # in the name of a file: the number of the process in its job


class Audit:
    """A running or finished audit.

    Attributes:
        recording: what was seen; complete when the audit has ended.
        report: the findings, and what was drawn; None until the audit has ended. Printed, it reads
            like the report of a terminal.
    """

    def __init__(self, opening: Opening) -> None:
        self.recording = opening.recording
        self.report: Report | None = None
        self._opening = opening

    @property
    def refused(self) -> UntestedJaxError | None:
        """Why JAX could not be looked into, where the block imported one that is not known."""
        return self._opening.refused

    def __repr__(self) -> str:
        return f"<{self._said()}>"

    def __str__(self) -> str:
        return str(self.report) if self.report is not None else self._said()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        if self.report is not None:
            return bundle(self.report)
        return {"text/plain": self._said()}

    def _said(self) -> str:
        if self.report is not None:
            return closing(self.report)
        name = f" of {self.recording.program}" if self.recording.program else ""
        return f"keystream audit{name}: it is running; its report is there when it has ended"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found; empty until the audit has ended."""
        return self.report.findings if self.report is not None else ()


@dataclass(frozen=True)
class Files:
    """The records that an audit reads and writes.

    Attributes:
        record: where this one is saved; None for nowhere.
        after: those of earlier runs, by the names that they were given. All paths are whole, since
            the program may change its working directory.
    """

    record: Path | None = None
    after: dict[str, Path] = field(default_factory=dict[str, Path])

    @classmethod
    def of(cls, record: File | None, after: File | Sequence[File]) -> Files:
        """The files with the names that a user gave."""
        names = (after,) if isinstance(after, str | os.PathLike) else after
        return cls(
            Path(os.path.realpath(record)) if record is not None else None,
            {os.fspath(each): Path(os.path.realpath(each)) for each in names},
        )

    @property
    def of_process(self) -> bool:
        """Whether the record's name holds the number of the process, known when JAX has started."""
        return self.record is not None and PROCESS in str(self.record)

    def place(self, process: tuple[int, int]) -> Path:
        """Where a process of a job saves its record."""
        return Path(str(self.record).replace(PROCESS, str(process[0])))

    def check(self) -> None:
        """Refuse before the program runs what could not be done after.

        Raises:
            MissingExtraError: KS007, pyarrow is not installed.
            RecordNotSavedError: KS013, the record can't be written.
            RestoredStateMismatchError: KS005, an earlier record can't be read.
        """
        for path in self.after.values():
            parquet.peek(path)
        if self.record is not None:
            parquet.check(self.record)


@dataclass(frozen=True)
class Glance:
    """How an audit stands while the program runs.

    Attributes:
        step: the number of the running step; None before the first.
        draws: how many there were when they were last counted.
        findings: how many errors and warnings there were then.
    """

    step: int | None
    draws: int
    findings: int


class Running:
    """An audit that has begun: looked at by a keeper meanwhile, concluded once by whoever comes first.

    Args:
        program: a name for the report.
        files: the records.
        window: the part of the run that is audited.

    Attributes:
        audit: what the user holds.
        opening: the part that watches the program.
        window: as given.
        on_report: is given the report as soon as it is there.
        on_look: is given each report of what was seen so far.
        left_because: why the audit ended before the program; empty where it did not.
        saved_in: where the record was saved; None before.
        not_saved: why the record could not be saved, or an earlier one not be read.
    """

    def __init__(self, program: str, files: Files, window: Window) -> None:
        self.window = window
        self.opening = Opening(Recording(program), Gate(window, self._window_over))
        self.audit = Audit(self.opening)
        self.on_report: Callable[[Report], None] = _nothing
        self.on_look: Callable[[Report], None] = _nothing
        self.left_because = ""
        self.saved_in: Path | None = None
        self.not_saved: KeystreamError | None = None
        self._files = files
        self._earlier: list[Saved] | None = None
        self._lock = threading.RLock()
        self._concluding = False
        self._seen: Report | None = None
        self.started = time.monotonic()
        if files.record is not None and not files.of_process and not files.record.exists():
            self.look()  # from now on a killed program leaves a record

    @property
    def concluded(self) -> bool:
        """Whether the report is there, or on its way."""
        return self._concluding

    def glance(self) -> Glance:
        """How it stands."""
        seen = self._seen
        return Glance(
            self.opening.gate.step,
            seen.summary["draws"] if seen is not None else 0,
            sum(finding.counts for finding in seen.findings) if seen is not None else 0,
        )

    def look(self) -> Report | None:
        """Judge what was seen so far, and save it; None where the audit has ended meanwhile."""
        with self._lock:
            if self._concluding:
                return None
            recording = self.opening.so_far()
            recording.evidence["earlier"] = self._read_earlier()
            self._seen = report = _placed(self._read_and_judged(recording))
            if self._files.record is not None and (recording.calls or not self._files.of_process):
                # Told when the audit ends, if it can't be saved then.
                with contextlib.suppress(RecordNotSavedError):
                    place = self._files.place(recording.process)
                    parquet.save(recording, as_saved(report), place, ended=False)
            self.on_look(report)
            return report

    def _window_over(self) -> None:
        steps, first = self.window.steps, self.window.from_step
        span = f"{steps:,} step{'s' * (steps != 1)}" + (f" from step {first:,}" if first else "")
        self.leave(f"{span} were audited")

    def leave(self, because: str) -> None:
        """Step aside: JAX is as it was, the report is made, and the program goes on."""
        with self._lock:
            if not self._concluding:
                self.left_because = because
                self.conclude()

    def stop(self, by: int) -> None:
        """End the audit of a program that a signal stops; the device is not waited for."""
        with self._lock:
            if not self._concluding:
                self.left_because = f"the run was stopped by {signal.Signals(by).name}"
                self.conclude(wait=False)

    def conclude(self, *, wait: bool = True) -> None:
        """End the audit, judge what it saw, and save it. Later calls do nothing.

        Args:
            wait: for what the device is still computing; a program that is being stopped can't.
        """
        with self._lock:
            if self._concluding:
                return
            self._concluding = True
            reached = self.opening.gate.stage != "before"
            self.opening.gate.close()
            self.opening.close()
            self.opening.finish(wait=wait)
            recording = self.audit.recording
            try:
                recording.evidence["earlier"] = self._read_earlier()
            except KeystreamError as error:
                self.not_saved = error
            report = self._read_and_judged(recording)
            if recording.process[1] > 1:
                report = replace(report, summary={**report.summary, "process": recording.process})
            if self.left_because:
                report = replace(report, summary={**report.summary, "part": self.left_because})
            if why := self._unjudged(report, reached):
                report = replace(report, summary={**report.summary, "unjudged": why})
            self.audit.report = report = _placed(report)
            self._save(recording, as_saved(report))
            self.on_report(report)

    def _read_and_judged(self, recording: Recording) -> Report:
        """The report of what ran so far, with what only its source shows."""
        ran = self.opening.lines.ran
        lines = None if ran is None else dict(ran)  # further files may begin to run meanwhile
        return with_source(_judged(recording), recording, lines)

    def _unjudged(self, report: Report, reached: bool) -> str:
        """Why there was nothing to judge; empty where a draw was seen."""
        if report.summary["draws"]:
            return ""
        last, error = self.opening.gate.step, self.audit.recording.error
        if error is not None:
            return f"the program ended with {type(error).__name__} before any draw"
        if self.opening.recorder is None:
            return "JAX was never imported"
        if not reached:
            came = "no step was seen" if last is None else f"step {last:,} was the last"
            return f"step {self.window.from_step:,} was never reached: {came}"
        return (
            "no draw could be seen" if report.summary["unseen"] else "nothing was drawn from a key"
        )

    def _save(self, recording: Recording, report: dict[str, Any]) -> None:
        if self._files.record is not None:
            try:
                self.saved_in = self._files.place(recording.process)
                parquet.save(recording, report, self.saved_in)
            except KeystreamError as error:
                self.not_saved = self.not_saved or error

    def _read_earlier(self) -> list[Saved]:
        """The records of earlier runs, read when they are first needed: before one is written over."""
        if self._earlier is None:
            self._earlier = [parquet.load(path, n) for n, path in self._files.after.items()]
        return self._earlier


def _judged(recording: Recording) -> Report:
    """The report of a recording; its streams are those of frameworks, and those read back from keys."""
    report = judge(recording, rules("recorded"), verdict)
    rows: dict[str, list[str]] = report.history.get("rows", {"name": [], "kind": []})
    read = {n for n, kind in zip(rows["name"], rows["kind"], strict=True) if kind == "stream"}
    streams = sorted(read.union(report.summary["streams"]))
    return replace(report, summary={**report.summary, "streams": streams})


# What names the places of reports as their readers know them: the cells of a running notebook.
_naming: list[Callable[[Report], Report]] = []


def name_places(by: Callable[[Report], Report]) -> None:
    """From now on, reports of audits have the places that a function gives them."""
    _naming.append(by)


def places_as_they_are(by: Callable[[Report], Report]) -> None:
    """Undo what `name_places` did with that function."""
    _naming.remove(by)


def _placed(report: Report) -> Report:
    for named in _naming:
        report = named(report)
    return report


def _nothing(report: Report) -> None:
    pass
