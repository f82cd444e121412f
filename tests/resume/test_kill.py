"""The short form of benchmarks/kills.py: SIGKILL at random moments, and nothing changes."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytest.importorskip("sklearn", reason="the digits need scikit-learn")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@pytest.fixture(scope="module")
def kills():
    spec = importlib.util.spec_from_file_location("kills", ROOT / "benchmarks/kills.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def nursery(kills, tmp_path_factory):
    cache = {
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path_factory.mktemp("cache")),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "XLA_FLAGS": "",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cache.items():
            patch.setenv(name, value)
        nursery = kills.Nursery()
        yield nursery
        nursery.close()


@pytest.fixture(scope="module")
def whole(kills, nursery, tmp_path_factory):
    """What 40 steps that nobody killed end with."""
    return kills.kill_series(0, 40, 0, nursery, tmp_path_factory.mktemp("whole"))


@pytest.mark.timeout(240)
def test_a_training_killed_ten_times_ends_with_the_parameters_of_one_never_killed(
    kills, nursery, whole, tmp_path, monkeypatch
):
    monkeypatch.setattr(kills, "LIFE", 2.0)
    killed = kills.kill_series(10, 40, 1, nursery, tmp_path / "killed")
    assert killed.kills == 10
    assert killed.processes >= 11
    assert killed.parameters == whole.parameters


LINES = ["start 0", "step 0 1 2", "step 1 3 4", "step 2 5 6"]


@pytest.mark.parametrize(
    ("logs", "last"),
    [
        ([["start 0", "step 0 1 2", "step 2 5 6"]], 3),  # a step is missing
        ([LINES, ["start 2", "step 2 5 7"]], 3),  # repeated with another key
        ([["start 0", "step 0 1 2", "step 1 1 2"]], 2),  # one key at two steps
        ([LINES, ["start 3"]], 4),  # the last step was never done
        ([["start 1", "step 1 3 4"]], 2),  # it does not begin at the start
    ],
)
def test_the_check_of_the_lineage_can_fail(kills, tmp_path, logs, last):
    paths = []
    for number, lines in enumerate(logs):
        paths.append(tmp_path / f"{number}.log")
        paths[-1].write_text("\n".join(lines) + "\n")
    with pytest.raises((AssertionError, KeyError)):
        kills.check_lineage(paths, last)


def test_the_check_of_the_lineage_passes_what_was_repeated_alike(kills, tmp_path):
    paths = [tmp_path / "0.log", tmp_path / "1.log"]
    paths[0].write_text("\n".join(LINES) + "\n")
    paths[1].write_text("start 2\nstep 2 5 6\nstep 3 7 8\n")
    kills.check_lineage(paths, 4)


def test_the_example_goes_on_where_it_was_and_ends_alike(whole, tmp_path):
    for last in ("20", "40"):
        done = subprocess.run(
            [sys.executable, ROOT / "examples/resume.py", tmp_path, last],
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "going on from step 20"
    assert lines[-1] == f"parameters {whole.parameters}"
