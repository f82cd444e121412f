"""Kill the digits training with SIGKILL at random moments, start it again, and prove nothing changed.

    python benchmarks/kills.py             # 100 kills; saves benchmarks/results/kills.json
    python benchmarks/kills.py --kills 5 --no-save

What is killed is the training of examples/resume.py, each time another process. Half of the kills fall
at a random moment of its life, half within or right after a save. After each kill the checkpoints that
are on disk must be there for the next process; after the last one the parameters must be those of a run
that was never killed, and the keys of every step that counts must have been drawn exactly once.
"""

import argparse
import contextlib
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
EVERY = 5
LIFE = 12.0  # seconds within which a process is killed at a random moment


class Outcome(NamedTuple):
    """What a series of kills showed."""

    kills: int
    during_save: int
    processes: int
    runs: int
    parameters: str


# ---------------------------------------------------------------- the process that is killed


def train(directory: str, log: str, last: str, asynchronous: str) -> None:
    """The training of examples/resume.py; the log says what each step drew and when it saves."""
    sys.path.insert(0, str(HERE.parent / "examples"))
    import digits  # noqa: PLC0415
    import jax  # noqa: PLC0415
    import orbax.checkpoint as ocp  # noqa: PLC0415
    import resume  # noqa: PLC0415

    import keystream as ks  # noqa: PLC0415

    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(*words: object) -> None:
        os.write(file, (" ".join(map(str, words)) + "\n").encode())

    @jax.jit
    def step_with_keys(state: Any, streams: Any, batch: Any, step: Any) -> Any:
        words = jax.random.key_data(streams.rngs(step)["dropout"])  # those that the step draws from
        return digits.train_step(state, streams, batch, step), words

    def logged(state: Any, streams: Any, batch: Any, step: int) -> Any:
        result, words = step_with_keys(state, streams, batch, step)
        write("step", step, *words.tolist())
        return result

    def save(manager: Any, step: int, *rest: Any) -> bool:
        if manager.should_save(step):
            write("saving", step)
        return ks_save(manager, step, *rest)

    ks_save, resume.train_step, ks.checkpoint.save = ks.checkpoint.save, logged, save
    options = ocp.CheckpointManagerOptions(
        max_to_keep=3, save_interval_steps=EVERY, enable_async_checkpointing=asynchronous == "1"
    )
    with ocp.CheckpointManager(directory, options=options) as manager:
        states = resume.train(manager, resume.load(), int(last))
        done, state = next(states)
        write("start", done)
        for done, state in states:  # noqa: B007
            assert done <= int(last)
    write("parameters", resume.digest(state))


# ---------------------------------------------------------------- how it is started


class Fresh:
    """A process of its own from the first instruction, as after a real crash."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, __file__, "--train", *map(str, arguments)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.pid = self._process.pid

    def ended(self) -> int | None:
        """How it ended, or None."""
        return self._process.poll()


class Nursery:
    """Forks processes that have imported everything, which saves seconds; JAX starts in the child."""

    def __init__(self) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, __file__, "--nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # so that `select` sees every line that was not read
        )

    def __call__(self, *arguments: object) -> "Child":
        """Fork one."""
        self._parent.stdin.write((json.dumps([str(each) for each in arguments]) + "\n").encode())
        return Child(int(self._parent.stdout.readline()), self._parent.stdout)

    def close(self) -> None:
        """End the nursery."""
        self._parent.stdin.close()
        self._parent.wait()


class Child:
    """A process that the nursery forked; the nursery says when and how it ended."""

    def __init__(self, pid: int, pipe: Any) -> None:
        self.pid = pid
        self._pipe = pipe

    def ended(self) -> int | None:
        """How it ended, or None."""
        ready, _, _ = select.select([self._pipe], [], [], 0)
        return int(self._pipe.readline()) if ready else None


def nursery() -> None:
    """Import, then fork a child for each line of arguments."""
    sys.path.insert(0, str(HERE.parent / "examples"))
    import resume  # noqa: F401, PLC0415
    import sklearn.datasets  # noqa: F401, PLC0415

    for line in iter(sys.stdin.readline, ""):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                train(*json.loads(line))
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


# ---------------------------------------------------------------- the one that kills


def kill_series(kills: int, last: int, seed: int, launch: Any, scratch: Path) -> Outcome:
    """Kill a run so often, let it end, and check all that must hold; start another where it ended first.

    Raises:
        AssertionError: something was lost, repeated or changed.
    """
    chance = random.Random(seed)
    outcome = Outcome(0, 0, 0, 0, "")
    while outcome.kills < kills or not outcome.runs:
        directory = scratch / f"run{outcome.runs}"
        directory.mkdir(parents=True)
        done = _one_run(kills - outcome.kills, last, chance, launch, directory)
        assert outcome.parameters in ("", done.parameters), "two runs ended with other parameters"
        pairs = zip(outcome[:4], done[:4], strict=True)
        outcome = Outcome(*(a + b for a, b in pairs), done.parameters)
        print(outcome, flush=True)
    return outcome


def _one_run(kills: int, last: int, chance: random.Random, launch: Any, directory: Path) -> Outcome:
    checkpoints, logs = directory / "checkpoints", []
    killed = during_save = 0
    while True:
        committed, unfinished = on_disk(checkpoints)
        logs.append(directory / f"{len(logs)}.log")
        logs[-1].touch()
        process = launch(checkpoints, logs[-1], last, len(logs) % 2)
        code = None
        if killed < kills:
            code = _kill_at_a_random_moment(process, logs[-1], chance)
        while code is None:
            time.sleep(0.01)
            code = process.ended()
        assert code in (0, -signal.SIGKILL), f"the process ended with {code}"
        started = [int(event[1]) for event in events(logs[-1]) if event[0] == "start"]
        assert started in ([], [max(committed, default=0)]), (
            f"started from {started}, but {committed} were on disk: a checkpoint was lost"
        )
        if code == 0:
            break
        killed += 1
        during_save += bool(on_disk(checkpoints)[1] - unfinished)
    check_lineage(logs, last)
    return Outcome(killed, during_save, len(logs), 1, events(logs[-1])[-1][1])


def _kill_at_a_random_moment(process: Any, log: Path, chance: random.Random) -> int | None:
    """Kill it at a moment of its life, or within 60 ms of a save's begin; None until it has ended."""
    at_save, saves, seconds = chance.random() < 0.6, chance.randrange(1, 5), chance.random()
    end = time.monotonic() + seconds * LIFE
    while _saves(log) < saves if at_save else time.monotonic() < end:
        code = process.ended()
        if code is not None:
            return code  # it came to its end first
        time.sleep(0.0005)
    if at_save:
        time.sleep(0.06 * seconds)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    return None


def _saves(log: Path) -> int:
    return log.read_bytes().count(b"saving")


def events(log: Path) -> list[list[str]]:
    """The lines of a log, each split into words."""
    return [line.split() for line in log.read_text().splitlines()]


def on_disk(checkpoints: Path) -> tuple[list[int], set[str]]:
    """The steps of finished checkpoints, and the names of unfinished ones."""
    names = {path.name for path in checkpoints.iterdir()} if checkpoints.is_dir() else set()
    finished = sorted(int(name) for name in names if name.isdigit())
    return finished, {name for name in names if not name.isdigit()}


def check_lineage(logs: list[Path], last: int) -> None:
    """Every step that led to the end was done once, from the checkpoint before, with its own keys."""
    segments: list[tuple[int, dict[int, tuple[str, ...]]]] = []
    keys: dict[int, tuple[str, ...]] = {}
    for log in logs:
        starts = [int(event[1]) for event in events(log) if event[0] == "start"]
        drawn = [(int(event[1]), tuple(event[2:])) for event in events(log) if event[0] == "step"]
        if starts:
            assert [step for step, _ in drawn] == list(range(starts[0], starts[0] + len(drawn)))
            segments.append((starts[0], dict(drawn)))
        for step, words in drawn:
            assert keys.setdefault(step, words) == words, (
                f"step {step} drew other keys when repeated"
            )
    # Backwards from the end: a checkpoint was written by the last process that began before it.
    end, lineage = last, []
    for start, drawn in reversed(segments):
        if start < end:
            lineage += [(step, drawn[step]) for step in range(start, end)]
            end = start
    assert end == 0
    assert sorted(step for step, _ in lineage) == list(range(last)), (
        "a step is missing, or came twice"
    )
    assert len({words for _, words in lineage}) == last, "two steps drew from one key"


def main() -> None:
    """Kill, check, save."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--last", type=int, default=220, help="steps of a run")
    parser.add_argument("--no-save", action="store_true")
    options = parser.parse_args()
    from measure import environment  # noqa: PLC0415  # loads JAX, which the processes above start alone

    with tempfile.TemporaryDirectory() as scratch:
        whole = kill_series(0, options.last, 0, Fresh, Path(scratch) / "whole")
        outcome = kill_series(options.kills, options.last, 1, Fresh, Path(scratch) / "killed")
    assert outcome.parameters == whole.parameters, "the kills changed the parameters"
    result = {
        "environment": environment(),
        "steps": options.last,
        "saved_every": EVERY,
        "never_killed": whole._asdict(),
        "killed": outcome._asdict(),
        "parameters_bit_identical": True,
        "checkpoints_lost": 0,
        "committed_steps_whose_keys_were_not_drawn_exactly_once": 0,
    }
    print(json.dumps(result, indent=1))
    if not options.no_save:
        (HERE / "results" / "kills.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--train"]:
        train(*sys.argv[2:])
    elif sys.argv[1:2] == ["--nursery"]:
        nursery()
    else:
        main()
