"""Runs of several processes over loopback: the same keys, and a check that finds who declared others."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHY = "  why:   processes that draw from different keys compute different things, in silence\n"
FIX = "  fix:   run the same program with the same seed and declaration in every process\n"
CODE = "  KS302 replicas-disagree (keystream rule KS302)"


def launch(count, mode):
    """What each process said, by name."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
    }
    started = [
        subprocess.Popen(
            [
                sys.executable,
                Path(__file__).with_name("worker.py"),
                address,
                str(count),
                str(p),
                mode,
            ],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for p in range(count)
    ]
    said = []
    for process in started:
        printed, error = process.communicate(timeout=200)
        lines = [line[5:] for line in printed.splitlines() if line.startswith("SAID ")]
        said.append(dict(json.loads(line) for line in lines))
        if "end" not in said[-1]:
            said[-1]["error"] = error
    return said


@pytest.mark.parametrize("count", [2, 4])
def test_processes_agree_on_keys_and_masks_and_find_who_differs(count):
    said = launch(count, "draws")
    assert [each.get("end") for each in said] == list(range(count)), said
    assert {each["start"] for each in said} == {"none"}
    assert len({str(each["keys"]) for each in said}) == 1, "processes derived different keys"
    own = [tuple(words) for each in said for words in each["own keys"]]
    assert len(set(own)) == len(own) == 3 * count
    assert len({each["host"] for each in said}) == count
    for each in said:
        assert each["jit"] == each["shard_map"] == [True, 16 // count]
    first = count // 2
    for process, each in enumerate(said):
        where = f"  where: keystream.distributed.check · process {process}\n"
        assert each["seeds"] == (
            f"process {first} declared other streams:"
            f" seeds differ: 0 in process 0, 1 in process {first}\n{where}{WHY}{FIX}{CODE}"
        )
        assert each["names"] == (
            "process 1 declared other streams: names differ: ['params', 'dropout'] in process 0,"
            f" ['params', 'droput'] in process 1\n{where}{WHY}{FIX}{CODE}"
        )


def test_a_process_that_died_is_named_and_nobody_waits_for_ever():
    said = launch(3, "dies")
    for process in (0, 1):
        assert said[process]["silent"] == (
            "process 2 did not answer in 2 s\n"
            f"  where: keystream.distributed.check · process {process}\n{WHY}"
            "  fix:   see why it ended or waits; every process has to call check, equally often\n"
            f"{CODE}"
        )


def test_the_example_shows_equal_masks_on_other_numbers_of_processes():
    done = subprocess.run(
        [sys.executable, ROOT / "examples/distributed.py"],
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
        env={**os.environ, "XLA_FLAGS": ""},
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len({line.split(": ")[1] for line in lines[:8]}) == 8, "two steps had one mask"
    assert lines[8] == "masks of 4 and then 2 processes equal those of 1: True"
    name, gap = lines[9].rsplit(": ", 1)
    assert name == "largest difference of a parameter, from the order of sums"
    # Eight steps of gradients, summed in another order: some units of float32's last place each.
    assert float(gap) < 1e-5
