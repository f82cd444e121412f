"""Programs with one mistake each, marked ``# -> KS101`` on its line, and correct look-alikes without."""

import functools
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAMS = sorted(path.stem for path in (HERE / "programs").glob("*.py"))
GROUPS = 4  # processes in which the programs run
GROUP_OF = {name: number % GROUPS for number, name in enumerate(PROGRAMS)}
NEEDS = ("flax", "equinox", "haiku", "keras", "numpyro", "optax")
MARK = re.compile(r"# -> ([KS0-9 ]+)$", re.MULTILINE)


def runnable(name):
    source = (HERE / "programs" / f"{name}.py").read_text()
    used = [need for need in NEEDS if re.search(rf"^(import|from) {need}\b", source, re.MULTILINE)]
    return all(importlib.util.find_spec(need) for need in used)


def marks(name):
    lines = (HERE / "programs" / f"{name}.py").read_text().splitlines()
    return {n: m[1].split() for n, line in enumerate(lines, 1) if (m := MARK.search(line))}


def sum_of(accounts):
    """What the accounts of a run add up to."""
    plain = ("distinct", "in_findings", "recomputed", "inside", "unexplained")
    return sum(accounts[name] for name in plain) + sum(accounts["excused"].values())


@functools.cache
def audited(group):
    names = [name for name in PROGRAMS if GROUP_OF[name] == group and runnable(name)]
    # Compiling is most of the time, and what is judged are keys, which no optimisation changes.
    flags = "--xla_force_host_platform_device_count=4 --xla_backend_optimization_level=0"
    flags = os.environ.get("XLA_FLAGS", "") + " " + flags
    done = subprocess.run(
        [sys.executable, HERE / "run_programs.py", *(HERE / "programs" / f"{n}.py" for n in names)],
        env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        check=False,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# Group by group: a worker is given a stretch of the list, and starts the processes of few groups.
@pytest.mark.parametrize("name", sorted(PROGRAMS, key=GROUP_OF.__getitem__))
def test_the_marked_mistake_is_found_and_nothing_else(name):
    if not runnable(name):
        pytest.skip("a framework that the program uses is not installed")
    result = audited(GROUP_OF[name])[name]
    counted = [found for found in result["findings"] if found["severity"] != "note"]
    expected = marks(name)
    assert sum_of(result["accounts"]) == result["accounts"]["draws"]
    if not expected:
        assert counted == []
        assert result["error"] == ""
        assert result["unseen"] == {}
        return
    ((line, codes),) = expected.items()
    assert counted
    for found in counted:  # two codes at one line are two truths of one mistake
        assert found["code"] in codes
        assert line in found["lines"]
    assert result["accounts"]["unexplained"] == 0
