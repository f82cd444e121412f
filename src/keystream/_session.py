"""`keystream.audit()`: the audit of a part of a program, from within; and its marks for steps."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from keystream import _jax_door as door
from keystream._audit import parquet
from keystream._audit.frames import libraries_counting
from keystream._audit.judge import judge
from keystream._audit.observers import install
from keystream._audit.recorder import Recorder
from keystream._audit.recording import Recording
from keystream._findings import Finding, Report
from keystream._rules import rules, verdict
from keystream._source_evidence import with_source

_running: list[Recorder] = []

File = str | os.PathLike[str]


class Audit:
    """A running or finished audit.

    Attributes:
        recording: what was seen; complete when the audit has ended.
        report: the findings; None until the audit has ended.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.report: Report | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found; empty until the audit has ended."""
        return self.report.findings if self.report is not None else ()


@contextmanager
def audit(
    program: str = "",
    *,
    record: File | None = None,
    after: File | Sequence[File] = (),
    include_libraries: bool = False,
) -> Generator[Audit, None, None]:
    """Record every use of a key inside the block, and judge the recording when it ends.

    The block runs as it would without; compiled programs stay as they are.

    Args:
        program: a name for the report.
        record: a Parquet file to save what was seen in, also when the block ends by an exception.
        after: records of earlier runs that this one goes on from: drawing from their keys again is
            KS202.
        include_libraries: whether installed libraries, JAX aside, are judged like the user's code. A
            mistake with no line of the user's is a note otherwise.

    Yields:
        The audit, whose `report` is there when the block has ended, also by an exception.

    Raises:
        UntestedJaxError: this version of JAX can't be looked into (KS011).
        MissingExtraError: `record` or `after` needs pyarrow (KS007).
        RecordNotSavedError: the record can't be written (KS013): before the block runs where that can
            be known, else after it, when the report is there.
        RestoredStateMismatchError: an earlier record can't be read (KS005).
    """
    # The names as they were given, and whole, since the block may change the working directory.
    earlier = {os.fspath(each): Path(os.path.realpath(each)) for each in _each(after)}
    for path in earlier.values():
        parquet.peek(path)
    saved_in = Path(os.path.realpath(record)) if record is not None else None
    if saved_in is not None:
        parquet.check(saved_in)
    recorder = Recorder(program)
    session = Audit(recorder.recording)
    close = door.open_door(recorder)
    uninstall = install(recorder)
    _running.append(recorder)
    with libraries_counting(include_libraries):
        try:
            yield session
        except Exception as error:
            recorder.recording.error = error
            raise
        finally:
            _running.remove(recorder)
            uninstall()
            close()
            recorder.finish()
            _conclude(session, earlier, saved_in)


def _each(after: File | Sequence[File]) -> Sequence[File]:
    return (after,) if isinstance(after, (str, os.PathLike)) else after


def _conclude(session: Audit, earlier: dict[str, Path], saved_in: Path | None) -> None:
    """Judge the recording and save it; what fails is told when the report is there."""
    recording = session.recording
    try:
        recording.evidence["earlier"] = [parquet.load(path, n) for n, path in earlier.items()]
    finally:
        session.report = with_source(judge(recording, rules("recorded"), verdict), recording)
    if saved_in is not None:
        parquet.save(recording, session.report.summary, saved_in)


def step(number: int) -> None:
    """Tell a running audit that step `number` begins; without an audit, nothing happens.

    Args:
        number: shown in findings in place of the ordinal that the audit would count itself.
    """
    for recorder in _running:
        recorder.step = int(number)
