"""A solution in its own process: it can loop, crash, flood or look around, and the check goes on."""

import fcntl
import signal
import time
from itertools import count

import pytest

from keystream._exercise.cases import VISIBLE
from keystream._exercise.report import assess
from keystream._exercise.runner import run

CASES = VISIBLE[:2]


def test_a_solution_that_never_ends_is_ended_with_all_that_it_started(solution, tmp_path):
    lock = tmp_path / "lock"
    source = f"""
import subprocess, sys
child = '''
import fcntl, time
file = open({str(lock)!r}, "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(3600)
'''
started = subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE)
assert started.stdout.readline() == b"locked\\n"
def run_dropout_model(*inputs):
    while True:
        print("flood " * 100)
"""
    path = solution(source)
    for timeout in (6.0, 30.0, 120.0):  # a slow machine needs longer to get as far as the flood
        outcome = run(path, CASES, timeout=timeout)
        if "flood" in outcome.printed:
            break
    assert outcome.timed_out
    assert outcome.exit_code == -signal.SIGKILL
    assert len(outcome.printed) <= 4_000
    with (
        lock.open() as file
    ):  # free only once the child is gone; the system ends it in its own time
        for attempt in count():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                assert attempt < 200
                time.sleep(0.05)
    report = assess(CASES, outcome)
    assert [result.status for result in report.results] == ["timed out", "not run"]
    (finding,) = report.findings
    assert finding.name == "timed-out"
    assert finding.what == f"the solution was still running after {timeout:g} s, and was ended"
    assert finding.where == 'cases "the task\'s example"'


def test_a_time_limit_before_anything_ran_says_so(solution):
    report = assess(CASES, run(solution("def run_dropout_model(): ..."), CASES, timeout=0.01))
    (finding,) = report.findings
    assert (finding.name, finding.where) == ("timed-out", "while the file was loaded")
    assert finding.fix == "call it yourself and watch, or give it longer: --timeout 0.02"


@pytest.mark.parametrize(
    ("source", "how", "where"),
    [
        (
            "import os\ndef run_dropout_model(*_): os._exit(3)",
            "exit code 3",
            'cases "the task\'s example"',
        ),
        ("import os\nos.kill(os.getpid(), 11)", "SIGSEGV", "while the file was loaded"),
    ],
)
def test_a_solution_that_ends_its_process_is_told_how(solution, source, how, where):
    report = assess(CASES, run(solution(source), CASES, timeout=120.0))
    (finding,) = report.findings
    assert finding.name == "process-ended"
    assert finding.what == f"the solution ended its process ({how})"
    assert finding.where == where


def test_a_solution_may_replace_what_we_use_and_write_where_we_read(solution):
    source = """
import json, sys
json.dumps = lambda *inputs: "mine"
with open(sys.argv[3], "a") as events:
    events.write("{not json\\n3\\n")
def run_dropout_model(seed, x, *rest):
    return x
"""
    outcome = run(solution(source), CASES, timeout=120.0)
    assert [event["event"] for event in outcome.events][-1] == "finished"
    assert [result.got.tolist() for result in assess(CASES, outcome).results] == [
        list(case.x) for case in CASES
    ]


def test_a_solution_sees_its_own_folder_and_nothing_of_ours(solution, tmp_path):
    # Named like modules of ours, which must not come in their place.
    (tmp_path / "cases.py").write_text("ANSWER = 42\n")
    source = """
import sys
from cases import ANSWER
assert ANSWER == 42
assert not [name for name in sys.modules if name.startswith("keystream")]
assert not [path for path in sys.path if path.endswith("_exercise")]
try:
    input()
except EOFError:
    print("no input")
def run_dropout_model(*inputs):
    print(len(inputs))
    return inputs[1]
"""
    events = []
    outcome = run(solution(source), CASES, timeout=120.0, on_event=events.append)
    assert not outcome.timed_out
    assert outcome.exit_code == 0
    assert outcome.printed.split("\n")[-4:] == ["no input", "5", "5", ""]
    kinds = ["loaded", "started", "returned", "started", "returned", "finished"]
    assert [event["event"] for event in outcome.events] == kinds
    assert tuple(events) == outcome.events
    assert outcome.events[2]["values"] == [1.0, 2.0, 3.0, 4.0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cases.py", "solution.py"]
