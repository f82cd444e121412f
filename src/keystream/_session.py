"""`keystream.audit()`: the audit of a part of a program, from within; and its marks for steps."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from keystream import _jax_door as door
from keystream._audit.judge import judge
from keystream._audit.observers import install
from keystream._audit.recorder import Recorder
from keystream._audit.recording import Recording
from keystream._findings import Finding, Report
from keystream._rules import rules

_running: list[Recorder] = []


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
def audit(program: str = "") -> Generator[Audit, None, None]:
    """Record every use of a key inside the block, and judge the recording when it ends.

    The block runs as it would without; compiled programs stay as they are.

    Args:
        program: a name for the report.

    Yields:
        The audit, whose `report` is there when the block has ended, also by an exception.

    Raises:
        UntestedJaxError: this version of JAX can't be looked into (KS011).
    """
    recorder = Recorder(program)
    session = Audit(recorder.recording)
    close = door.open_door(recorder)
    uninstall = install(recorder)
    _running.append(recorder)
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
        session.report = judge(session.recording, rules("recorded"))


def step(number: int) -> None:
    """Tell a running audit that step `number` begins; without an audit, nothing happens.

    Args:
        number: shown in findings in place of the ordinal that the audit would count itself.
    """
    for recorder in _running:
        recorder.step = int(number)
