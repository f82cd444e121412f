"""Jobs of several processes over loopback: each audits itself, and the records are judged together."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import jax
import pytest

import keystream as ks

WORKER = Path(__file__).with_name("job_worker.py")
AUDIT = [sys.executable, "-m", "keystream", "audit", "--record", "run-{process}.parquet"]


def launched(count, mode, folder):
    """The processes of a job, audited, with what they printed when all have ended."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}
    started = [
        subprocess.Popen(
            [*AUDIT, WORKER, address, str(count), str(process), mode],
            cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for process in range(count)
    ]  # fmt: skip
    printed = [process.communicate(timeout=250)[0] for process in started]
    return [(process.returncode, text) for process, text in zip(started, printed, strict=True)]


def together(folder):
    done = subprocess.run(
        [sys.executable, "-m", "keystream", "report", "--format", "json", "run-*.parquet"],
        cwd=folder, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def mistakes(report):
    return [(found["code"], found["severity"], found["locations"][0]["line"])
            for found in report["findings"] if found["severity"] != "note"]  # fmt: skip


def line_of(text):
    return 1 + next(n for n, line in enumerate(WORKER.read_text().splitlines()) if text in line)


@pytest.mark.parametrize("count", [2, 4])
def test_processes_that_give_their_rows_the_same_noise_are_named(tmp_path, count):
    ended = launched(count, "shared", tmp_path)
    assert all("nothing found" in text for _, text in ended), ended
    report = together(tmp_path)
    assert mistakes(report) == [("KS301", "error", line_of("rows + jax.random.normal"))]
    (found,) = (each for each in report["findings"] if each["code"] == "KS301")
    processes = ", ".join(map(str, range(count - 1))) + f" and {count - 1}"
    assert f"in processes {processes} for different data" in found["message"]
    assert "jax.process_index()" in found["fix"]
    assert report["summary"]["processes"] == count


def test_a_correct_job_is_quiet_and_does_what_it_does_without_an_audit(tmp_path):
    ended = launched(2, "clean", tmp_path)
    assert [code for code, _ in ended] == [0, 0], ended
    assert mistakes(together(tmp_path)) == []


def test_processes_of_several_seeds_disagree_on_one_program(tmp_path):
    launched(2, "seeds", tmp_path)
    report = together(tmp_path)
    assert ("KS302", "error", line_of("keep = jax.random.bernoulli")) in mistakes(report)
    found = next(each for each in report["findings"] if each["code"] == "KS302")
    assert "in process 1 than in process 0, from step 0 on" in found["message"]


def test_a_process_that_dies_leaves_the_others_their_records(tmp_path):
    ended = launched(2, "dies", tmp_path)
    assert ended[1][0] == 9
    report = together(tmp_path)
    assert report["summary"]["processes"] == 2 - (not (tmp_path / "run-1.parquet").exists())


def test_workers_that_python_starts_are_counted():
    with ks.audit() as audit:
        jax.random.key(0)
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        subprocess.run(["true"], check=True)
    reason = "a process that the program started from Python is not audited"
    assert audit.recording.unseen == {reason: 1}


def test_workers_of_a_pool_are_counted(tmp_path):
    (tmp_path / "train.py").write_text(
        "import jax, multiprocessing\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "if __name__ == '__main__':\n"
        "    with ProcessPoolExecutor(2, multiprocessing.get_context('spawn')) as pool:\n"
        "        print(list(pool.map(abs, [-1, -2])))\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "keystream", "audit", "train.py"],
        cwd=tmp_path, env={**os.environ, "JAX_PLATFORMS": "cpu"}, text=True, capture_output=True,
        check=False,
    )  # fmt: skip
    assert "[1, 2]" in done.stdout, done.stderr
    assert "started from Python is not audited" in " ".join(done.stdout.split())
