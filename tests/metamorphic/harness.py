"""Runs tasks through the fork server, and judges what the reports say of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import permutations
from pathlib import Path

from corpus import Program, programs
from shapes import LINT_SHAPES, PAIRED, SHAPES, Task, Wanted, applies, tasks

COUNTS = ("error", "warning")
_ACCOUNTS = ("in_findings", "recomputed", "inside", "unexplained")


@dataclass(frozen=True)
class Job:
    """A program in a shape, under a tool (`audit` or `lint`)."""

    tool: str
    shape: str
    program: Program
    task: Task

    @property
    def name(self) -> str:
        """Unique among all jobs."""
        return f"{self.tool}:{self.shape}:{self.program.kind}/{self.program.name}"


@dataclass(frozen=True)
class Outcome:
    """What a report said about a job."""

    job: str
    tool: str
    shape: str
    kind: str
    program: str
    named: int
    missing: tuple[str, ...]
    alarms: tuple[str, ...]
    books: str
    findings: tuple[str, ...]
    summary: dict = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0


def jobs(
    tool: str, shapes: tuple[str, ...], chosen: list[Program], everything: list[Program]
) -> Iterator[Job]:
    """All jobs of a tool: the chosen programs in the shapes that apply to them."""
    for program in chosen:
        for shape in shapes:
            if applies(shape, program) and (tool == "audit" or shape in LINT_SHAPES):
                yield Job(tool, shape, program, tasks(shape, program, everything))


def all_shapes(tool: str) -> tuple[str, ...]:
    """Every shape that says something about a tool."""
    return LINT_SHAPES if tool == "lint" else (*SHAPES, *PAIRED)


class Server:
    """The fork server as a child process. Use it as a context."""

    def __init__(self, concurrent: int = 1) -> None:
        """Start it; it imports the frameworks before its first answer."""
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("server.py")), str(concurrent)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Server:
        """Nothing to open: the process was started."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the server when its running tasks have ended."""
        self._process.communicate()

    def run(self, job: Job) -> Outcome:
        """Run one job and wait for it."""
        self.send(job)
        return judged(job, self.receive())

    def run_all(self, wanted: list[Job], concurrent: int) -> Iterator[Outcome]:
        """Run many jobs, a few at a time; outcomes come as the jobs end."""
        by_name = {job.name: job for job in wanted}
        waiting, ahead = iter(wanted), 0
        for job in waiting:
            self.send(job)
            ahead += 1
            if ahead > 2 * concurrent:
                answer = self.receive()
                ahead -= 1
                yield judged(by_name[answer["id"]], answer)
        assert self._process.stdin is not None
        self._process.stdin.close()
        for _ in range(ahead):
            answer = self.receive()
            yield judged(by_name[answer["id"]], answer)
        self._process.stdin = None

    def send(self, job: Job) -> None:
        """Hand a job to the server."""
        assert self._process.stdin is not None
        runner = "lint" if job.tool == "lint" else job.task.runner
        arguments = ("train.py",) if job.tool == "lint" else job.task.arguments
        message = {
            "id": job.name,
            "files": job.task.files,
            "runner": runner,
            "arguments": arguments,
        }
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def receive(self) -> dict:
        """The next answer.

        Raises:
            RuntimeError: the server has ended.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(
                "the server of the metamorphic tests has ended; its errors are above"
            )
        return json.loads(line)


def judged(job: Job, answer: dict) -> Outcome:
    """Compare a report with what was wanted of it."""
    counting = [f for f in answer["findings"] if f["severity"] in COUNTS]
    named = _named(job.task.wanted, counting)
    missing = tuple(
        f"{wanted.program}: {'|'.join(sorted(wanted.codes))} at "
        + ", ".join(f"{path}:{line}" for path, line in sorted(wanted.places))
        for wanted, finding in zip(job.task.wanted, named, strict=True)
        if finding is None
    )
    correct = job.program.kind == "correct"
    return Outcome(
        job.name,
        job.tool,
        job.shape,
        job.program.kind,
        job.program.name,
        sum(finding is not None for finding in named),
        missing,
        tuple(map(_line, counting)) if correct else (),
        books(answer["summary"]) if job.tool == "audit" else "none",
        tuple(map(_line, answer["findings"])),
        answer["summary"],
        answer["error"] or _crash(job, answer),
        answer["seconds"],
    )


def _crash(job: Job, answer: dict) -> str:
    """The traceback of a program that should have run to its end."""
    loud = job.program.loud or job.shape == "before"
    return "" if loud else answer.get("traceback", "")


def _named(wanted: tuple[Wanted, ...], findings: list[dict]) -> list[dict | None]:
    """A finding for each mistake, no finding for two: the assignment that names most."""
    if not wanted:
        return []
    fitting = [[f for f in findings if _names(f, mistake)] for mistake in wanted]
    best: list[dict | None] = [None] * len(wanted)
    for order in permutations(range(len(wanted))):
        chosen: list[dict | None] = [None] * len(wanted)
        for index in order:
            free = [f for f in fitting[index] if all(f is not taken for taken in chosen)]
            chosen[index] = min(free, key=lambda f: _suitors(f, fitting), default=None)
        if sum(f is not None for f in chosen) > sum(f is not None for f in best):
            best = chosen
    return best


def _suitors(finding: dict, fitting: list[list[dict]]) -> int:
    return sum(any(finding is other for other in group) for group in fitting)


def _names(finding: dict, mistake: Wanted) -> bool:
    if finding["code"] not in mistake.codes:
        return False
    paths = {path for path, _ in mistake.places}
    for path, line in finding["places"]:
        # A notebook's cell is no file: the whole program is one cell, so its lines are the file's.
        name = Path(path).name
        known = (
            name if name in {"train.py", "first.py", "second.py", "run.py"} else next(iter(paths))
        )
        if (known, line) in mistake.places:
            return True
    return False


def _line(finding: dict) -> str:
    path, line = finding["places"][0] if finding["places"] else ("?", 0)
    return f"{Path(path).name}:{line}: {finding['severity']} {finding['code']} {finding['message']}"


def books(summary: dict) -> str:
    """Whether the accounts of a report add up: "balanced", what is wrong, or why not known.

    Without accounts, draws and distinct keys alone are compared: "equal", or "no accounts".
    """
    if not summary:
        return "none"
    accounts = summary.get("accounts")
    if accounts is None:
        return "equal" if summary.get("draws") == summary.get("unique_keys") else "no accounts"
    parts = {name: accounts.get(name, 0) for name in _ACCOUNTS}
    total = accounts["distinct"] + sum(parts.values()) + sum(accounts["excused"].values())
    if total != accounts["draws"]:
        return f"{accounts['draws']} draws, but the accounts add up to {total}: {accounts}"
    if parts["unexplained"]:
        return f"{parts['unexplained']} unexplained"
    return "balanced"


def as_record(outcome: Outcome) -> dict:
    """An outcome as JSON carries it."""
    return asdict(outcome)


__all__ = ["Job", "Outcome", "Server", "all_shapes", "as_record", "books", "jobs", "programs"]
