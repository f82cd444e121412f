"""Running a solution in a process of its own, which can neither hang, crash nor flood its parent."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from keystream._exercise.cases import Case

Event = dict[str, Any]

_LEARNER = Path(__file__).with_name("learner.py")
_POLL = 0.05  # seconds
KEPT_OUTPUT = 4_000  # bytes of what the solution prints last


@dataclass(frozen=True)
class Run:
    """What became of a learner's process.

    Args:
        events: what it noted, as `keystream._exercise.learner` describes.
        printed: the end of what it wrote to standard output and error.
        timed_out: it was still running at the time limit, and was ended.
        exit_code: its exit code; negative for the signal that ended it.
        timeout: the time limit, in seconds.
        solution: the learner's file, as it was named.
    """

    events: tuple[Event, ...]
    printed: str
    timed_out: bool
    exit_code: int
    timeout: float
    solution: Path = Path("solution.py")


def run(
    solution: Path,
    cases: Sequence[Case],
    *,
    timeout: float,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Run:
    """Run a solution on cases.

    The process gets the inputs alone. It is ended when it is done or at the time limit, whichever
    comes first, and with it the processes that it started, unless they left its group.

    Args:
        solution: the learner's file.
        cases: the calls to make.
        timeout: seconds for everything, the import of JAX included.
        on_event: called with each event as it arrives.

    Returns:
        Its events, the end of its output, and how it ended.
    """
    with tempfile.TemporaryDirectory(prefix="keystream-exercise-") as folder:
        inputs, notes = Path(folder, "inputs.json"), Path(folder, "events.jsonl")
        inputs.write_text(json.dumps([case.inputs() for case in cases]), encoding="utf-8")
        notes.touch()
        process = _start([solution.resolve(), inputs, notes], timeout)
        output = _Tail(process)
        try:
            with notes.open(encoding="utf-8") as file:
                events = _follow(process, file, time.monotonic() + timeout, on_event)
            timed_out = process.poll() is None
        finally:
            _end(process)
        return Run(tuple(events), output.text(), timed_out, process.returncode, timeout, solution)


def _start(paths: Sequence[Path], timeout: float) -> subprocess.Popen[bytes]:
    # -P keeps our modules out of the solution's way, -B its folder clean.
    python = [sys.executable, "-P", "-B"]
    backstop = str(math.ceil(timeout) + 10)
    return subprocess.Popen(
        [*python, str(_LEARNER), *map(str, paths), backstop],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # a process group of its own, so that its children end with it
        env=os.environ | {"JAX_PLATFORMS": "cpu", "PYTHONIOENCODING": "utf-8:replace"},
    )


def _follow(
    process: subprocess.Popen[bytes],
    file: IO[str],
    deadline: float,
    on_event: Callable[[Event], None],
) -> list[Event]:
    events: list[Event] = []
    ended = False
    rest = ""
    while True:
        rest += file.read()
        *lines, rest = rest.split("\n")
        for event in filter(None, map(_parsed, lines)):
            events.append(event)
            on_event(event)
        if ended or time.monotonic() > deadline:
            return events
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_POLL)
            ended = True  # once more around, for what it noted last


def _parsed(line: str) -> Event:
    """The event of a line, or nothing: a solution may fork, and both write at once."""
    with contextlib.suppress(ValueError):
        event: object = json.loads(line)
        if isinstance(event, dict):
            return cast("Event", event)
    return {}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started."""
    if os.name == "posix":
        # The group lives on as long as one of its processes does; macOS denies a group of zombies.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(tree, capture_output=True, check=False)
    process.wait()


class _Tail:
    """The end of a process's output, read as it comes so that the process never blocks on it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._stream: IO[bytes] = process.stdout
        self._kept = b""
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(self._stream.fileno(), 65_536):
                self._kept = (self._kept + chunk)[-KEPT_OUTPUT:]

    def text(self) -> str:
        # A process that left the group may hold the pipe open: what is here by now is enough.
        self._thread.join(timeout=1.0)
        if not self._thread.is_alive():
            self._stream.close()
        return self._kept.decode("utf-8", errors="replace")
