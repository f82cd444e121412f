"""An audit of a long job: a part of it, a job that is stopped, a job that is killed, what is written."""

import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time

import jax
import pytest

import keystream as ks
from keystream._audit import parquet
from keystream._audit.window import Gate, Window

LOOP = """\
import os
import sys
import time

import jax


@jax.jit
def step(w, key):
    return w + jax.random.normal(key, w.shape)


key, w = jax.random.key(7), jax.numpy.zeros(3)
for i in range(int(sys.argv[1])):
    w = step(w, jax.random.fold_in(key, i % 40))
    time.sleep(0.005)
    if i % 10 == 0:
        print(i, flush=True)
print("done", flush=True)
"""
STUCK = LOOP.replace(
    'print("done", flush=True)',
    "import ctypes\nprint('stuck', flush=True)\nmutex = ctypes.create_string_buffer(64)\n"
    "for _ in range(2):\n    ctypes.CDLL(None).pthread_mutex_lock(mutex)",
)
ENVIRONMENT = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONUNBUFFERED": "1"}
AUDIT = [sys.executable, "-m", "keystream", "audit"]


@pytest.fixture
def started(tmp_path):
    """Starts audited programs, and ends those that are still there."""
    running = []

    def start(*words, source=LOOP, **options):
        (tmp_path / "train.py").write_text(source)
        process = subprocess.Popen(
            [*AUDIT, *map(str, words)],
            cwd=tmp_path,
            env=ENVIRONMENT,
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def done(tmp_path, *words, source=LOOP, **options):
    (tmp_path / "train.py").write_text(source)
    return subprocess.run(
        [*AUDIT, *map(str, words)],
        cwd=tmp_path,
        env=ENVIRONMENT,
        text=True,
        capture_output=True,
        check=False,
        timeout=120,
        **options,
    )


def until(process, line):
    """Read what a program prints up to a line."""
    for each in process.stdout:
        if each.strip() == line:
            return
    pytest.fail(f"it never printed {line!r}: {process.stderr.read()}")


# ---------------------------------------------------------------- a part of the run


def test_a_step_is_a_call_of_the_function_that_is_called_most():
    gate = Gate(Window(from_step=2, steps=3), lambda: left.append(gate.step))
    left = []
    assert [gate.draw("line") for _ in range(2)] == [False, False]
    inside = [gate.call("step") for _ in range(7)]
    assert inside == [False, False, True, True, True, False, False]
    assert left == [5]


def test_steps_that_the_program_says_count_alone():
    left = []
    gate = Gate(Window(steps=2), lambda: left.append(gate.step))
    for number in (100, 101, 102):
        gate.say(number)
        for _ in range(5):
            gate.call("inner")
    assert left == [102]


def test_after_its_steps_the_audit_has_gone_and_the_program_goes_on(tmp_path):
    seen = LOOP.replace(
        "import jax", "import jax\nfrom keystream import _jax_door as d\nwatched = []", 1
    )
    seen = seen.replace(
        "    time.sleep",
        "    watched.append('from_function' in d._parts()['pjit']._run_python_pjit.__name__)\n"
        "    time.sleep",
    )
    found = done(
        tmp_path,
        *("--steps", 20, "--format", "json", "--output", "report.json", "train.py", 50),
        source=seen + "print(sum(watched), len(watched))\n",
    )
    assert found.stdout.splitlines()[-2:] == ["done", "20 50"]
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["summary"]["draws"] == 20
    assert report["summary"]["part"] == "20 steps were audited"
    assert "keystream audit: the report is in report.json\n" in found.stderr
    assert found.returncode == 0


def test_a_window_begins_where_it_is_told_to():
    @jax.jit
    def step(key):
        return jax.random.normal(key)

    keys = jax.random.split(jax.random.key(0), 10)
    with ks.audit(from_step=4, steps=3) as audit:
        for key in keys:
            step(key)
    drawn = [key for key, site in zip(audit.recording.keys, audit.recording.key_sites, strict=True)
             if audit.recording.sites[site].kind == "draw"]  # fmt: skip
    words = jax.random.key_data(keys[4:7]).tolist()
    assert [int(key) for key in drawn] == [high << 32 | low for high, low in words]


def test_an_audit_for_some_time_ends_while_the_program_goes_on():
    with ks.audit(seconds=0.3) as audit:
        key = jax.random.key(0)
        until_then = time.monotonic() + 30
        while audit.report is None and time.monotonic() < until_then:
            key, _ = jax.random.split(key)
    assert audit.report is not None
    assert audit.report.summary["part"] == "the first 0.3 s were audited"


def test_an_audit_until_the_first_finding_ends_with_it(tmp_path):
    source = LOOP + (
        "from keystream import _jax_door as door\n"
        "until = time.monotonic() + 60\n"
        "while 'from_function' in door._parts()['pjit']._run_python_pjit.__name__:\n"
        "    assert time.monotonic() < until\n    time.sleep(0.1)\n"
        "print('after')\n"
    )
    found = done(tmp_path, "--until-first-finding", "train.py", 100, source=source)
    assert "it ended with the first finding" in found.stdout.replace("\n  ", " ")
    assert "KS201" in found.stdout
    assert "after" in found.stdout
    assert found.returncode == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--steps", "0"), "it is a number of steps, 1 or more, not 0"),
        (("--steps", "many"), "'many' is not a step: write an integer, 0 or more"),
        (("--for", "soon"), "'soon' is not a time: write it as 60s, 5m or 2h"),
    ],
)
def test_a_part_that_is_none_is_refused(capsys, words, said):
    from keystream._cli import main

    with pytest.raises(SystemExit) as ended:
        main(["audit", *words, "train.py"])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


# ---------------------------------------------------------------- stopped and killed


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_program_that_is_stopped_leaves_its_report_and_record(started, tmp_path, name):
    number = getattr(signal, name)
    process = started("--record", "run.parquet", "--format", "json", "--output", "r.json",
                      "train.py", 100_000)  # fmt: skip
    until(process, "60")
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (-number, 128 + number), errors
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["summary"]["draws"] > 60
    assert {found["code"] for found in report["findings"]} == {"KS201"}
    saved = parquet.load(tmp_path / "run.parquet")
    assert saved.ended
    assert saved.summary["draws"] == report["summary"]["draws"]
    assert "Traceback" not in errors or name == "SIGINT"


def test_a_program_that_is_stuck_outside_of_python_is_reported_all_the_same(started, tmp_path):
    process = started("train.py", 60, source=STUCK)
    until(process, "stuck")
    time.sleep(2)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=60)
    assert "KS201" in output, errors
    assert process.returncode == 128 + signal.SIGTERM


def test_a_killed_program_leaves_a_record_that_can_be_reported(started, tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    process = started("--record", "run.parquet", "train.py", 100_000)
    until(process, "300")
    process.kill()
    process.communicate()
    shown = subprocess.run(
        [sys.executable, "-m", "keystream", "report", "run.parquet"],
        cwd=tmp_path, env=ENVIRONMENT, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert "was not finished, up to its last" in shown.stdout.replace("\n  ", " "), shown.stderr
    saved = parquet.load(tmp_path / "run.parquet")
    assert not saved.ended
    draws = [key for key, site in zip(saved.keys.tolist(), saved.key_sites, strict=True)
             if saved.sites[site].kind == "draw"]  # fmt: skip
    root = jax.random.key(7)
    cycle = [jax.random.key_data(jax.random.fold_in(root, i)).tolist() for i in range(40)]
    assert draws == [(cycle[i % 40][0] << 32) | cycle[i % 40][1] for i in range(len(draws))]
    assert shown.returncode == int("KS201" in shown.stdout)


def test_a_program_that_is_killed_at_once_leaves_an_empty_record(started, tmp_path):
    process = started("--record", "run.parquet", "train.py", source="print('on')\ninput()\n",
                      stdin=subprocess.PIPE)  # fmt: skip
    until(process, "on")
    process.kill()
    process.communicate()
    assert parquet.load(tmp_path / "run.parquet").summary["draws"] == 0


def test_a_program_that_handles_the_signal_itself_keeps_it(started, tmp_path):
    source = LOOP + (
        "import signal\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('mine', flush=True), sys.exit(5)))\n"
        "print('ready', flush=True)\ntime.sleep(60)\n"
    )
    process = started("train.py", 3, source=source)
    until(process, "ready")
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert "mine" in output
    assert "nothing found" in output
    assert process.returncode == 5


def test_a_forked_child_that_is_stopped_reports_nothing(tmp_path):
    source = (
        "import os, signal, time\nchild = os.fork()\n"
        "if child == 0:\n    time.sleep(60)\n"
        "time.sleep(0.3)\nos.kill(child, signal.SIGTERM)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)\ntime.sleep(3)\n"
        "print('goes on', flush=True)\n"
    )
    found = done(tmp_path, "train.py", source=source)
    assert found.stdout.splitlines()[:2] == ["-15", "goes on"]
    assert found.stdout.count("keystream audit:") == 1
    assert found.returncode == 0


# ---------------------------------------------------------------- what is written


@pytest.mark.parametrize("option", ["--output", "--record"])
@pytest.mark.parametrize(
    ("name", "reason"), [("no/file", "its directory is not there"), (".", "it is a directory")]
)
def test_what_can_not_be_written_is_refused_before_the_program(tmp_path, option, name, reason):
    found = done(tmp_path, option, name, "train.py", 3)
    assert (found.returncode, found.stdout) == (2, "")
    assert f"can't be written: {reason}" in found.stderr


def test_a_report_that_can_not_be_written_goes_to_the_error_stream(tmp_path):
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))

    before = tmp_path / "report.txt"
    before.write_text("the one before")
    ignoring = "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + LOOP
    found = done(tmp_path, "--output", "report.txt", "train.py", 60, source=ignoring,
                 preexec_fn=limited)  # fmt: skip
    assert "error KS" in found.stderr or "warning KS201" in found.stderr
    assert f"the report {before} can't be written: File too large" in found.stderr
    assert before.read_text() == "the one before"
    assert found.returncode == 2


def test_the_place_of_what_was_written_is_told(tmp_path):
    found = done(tmp_path, "--output", "r.txt", "--record", "r.parquet", "train.py", 3)
    assert found.stderr == (
        "keystream audit: the report is in r.txt\nkeystream audit: the record is in r.parquet\n"
    )


# ---------------------------------------------------------------- the line on a terminal


def test_a_terminal_has_a_line_that_gives_way_and_a_pipe_has_none(tmp_path):
    source = LOOP.replace("time.sleep(0.005)", "time.sleep(0.05)").replace("i % 10 == 0", "False")
    (tmp_path / "train.py").write_text(source)
    mine, theirs = pty.openpty()
    process = subprocess.Popen([*AUDIT, "train.py", "60"], cwd=tmp_path, env=ENVIRONMENT,
                               stdout=theirs, stderr=theirs)  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += os.read(mine, 4096)
        except OSError:
            break
    os.close(mine)
    process.wait(timeout=60)
    text = shown.decode()
    assert "keystream audit: step " in text
    assert "findings so far" in text or "finding so far" in text
    assert "\r\x1b[Kdone" in text
    assert "step " not in text[text.index("done") :].split("keystream audit: ")[-1]
    piped = done(tmp_path, "train.py", 60, source=source)
    assert "so far" not in piped.stdout + piped.stderr
