"""Standard output that ends before the command does: a reader that leaves, a disk that is full."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


def run(arguments, stdout, *, buffered=True):
    """The exit code of a command and what it says on standard error."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    if not buffered:
        environment["PYTHONUNBUFFERED"] = "1"
    command = [sys.executable, "-m", "keystream", *arguments]
    done = subprocess.run(
        command, stdout=stdout, stderr=subprocess.PIPE, env=environment, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.fixture
def closed_pipe():
    """A pipe whose reader has left."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("arguments", [["rule"], ["exercise", "--hints"], ["--help"]])
def test_a_reader_that_leaves_is_no_mistake(closed_pipe, arguments, buffered):
    assert run(arguments, closed_pipe, buffered=buffered) == (0, "")


@pytest.mark.parametrize("buffered", [True, False])
def test_wrong_usage_exits_with_2_whoever_reads(closed_pipe, buffered):
    code, said = run(["rules"], closed_pipe, buffered=buffered)
    assert code == 2
    assert said.endswith("error: there is no command 'rules'; did you mean 'rule'?\n")


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("both", [True, False])
def test_a_reader_that_leaves_a_rewrite_does_not_change_its_verdict(tmp_path, buffered, both):
    split = "import jax\nkey = jax.random.key(0)\nkey, k = jax.random.split(key)\nprint(k)\n"
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text(split)
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"}
    errors = writer if both else subprocess.PIPE
    command = [sys.executable, "-m", "keystream", "migrate", str(tmp_path)]
    done = subprocess.run(
        command, stdout=writer, stderr=errors, env=environment, text=True, check=False
    )
    os.close(writer)
    assert done.returncode == 1
    assert both or done.stderr.startswith("keystream migrate: the bits change")


@pytest.mark.skipif(not FULL.exists(), reason="it is a device of Linux")
@pytest.mark.parametrize("buffered", [True, False])
def test_a_full_disk_is_one_message_and_exit_code_2(buffered):
    with FULL.open("w") as stdout:
        assert run(["rule"], stdout, buffered=buffered) == (
            2,
            "keystream: standard output can't be written: No space left on device\n",
        )
