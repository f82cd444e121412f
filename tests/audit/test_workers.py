"""Generators of NumPy in worker processes and threads: which begin alike, and which do not."""

import json
import subprocess
import sys
import textwrap

import pytest

HEAD = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
import numpy as np

METHOD = sys.argv[1]
"""
TAIL = """
if __name__ == "__main__":
    import jax

    context = multiprocessing.get_context(METHOD)
    print(float(jax.random.normal(jax.random.key(0))), np.random.rand())
    main(context)
"""
POOL = """
def main(context):
    with context.Pool(2) as pool:
        print(sum(pool.map(part, range(4), chunksize=1)))
"""
ONE_SEED = """
def part(number):
    rng = np.random.default_rng(0)  # here
    return number + rng.normal()
"""
GLOBAL = """
def part(number):
    return number + np.random.rand()

def main(context):
    with context.Pool(3) as pool:  # here
        print(pool.map(slow, range(3), chunksize=1))

def slow(number):
    import time
    time.sleep(0.3)
    return part(number)
"""
SHARED = """
RNG = np.random.default_rng(5)

def part(number, out):
    out.put(number + RNG.permutation(4))

def main(context):
    out, first = context.Queue(), RNG.normal()
    for number in range(2):
        worker = context.Process(target=part, args=(number, out))
        worker.start()  # here
    print(first, out.get(), out.get())
"""
EXECUTOR = """
class Simulation:
    def __init__(self, seed):
        self.rng = np.random.RandomState(seed)  # here

def part(number):
    return number * Simulation(42).rng.normal()

def main(context):
    with ProcessPoolExecutor(2, context) as pool:
        print(sum(pool.map(part, range(4))))
"""
SPAWNED = """
def part(seed):
    return np.random.default_rng(seed).normal()

def main(context):
    with context.Pool(2) as pool:
        print(sum(pool.map(part, np.random.SeedSequence(1).spawn(4), chunksize=1)))
"""
NUMBERED = """
def begin(number):
    with number.get_lock():
        number.value += 1
        np.random.seed(number.value)

def part(number):
    return number + np.random.rand()

def main(context):
    with context.Pool(2, begin, (context.Value("i", 0),)) as pool:
        print(sum(pool.map(part, range(4), chunksize=1)))
"""
RUNS = """
def part(rate):
    import jax, jax.numpy as jnp
    rng, w = np.random.default_rng(0), jnp.ones(2)
    for _ in range(2):
        w = w - rate * jax.grad(lambda w, x: (w @ x) ** 2)(w, rng.normal(size=2))
    return float(w.sum())

def main(context):
    with ProcessPoolExecutor(2, context) as pool:
        print(list(pool.map(part, [0.1, 0.01])))
"""
MISTAKEN = {
    "one seed": ("fork", ONE_SEED + POOL),
    "the state of the parent": ("fork", GLOBAL),
    "a generator of the parent": ("fork", SHARED),
    "an executor": ("fork", EXECUTOR),
}
CORRECT = {
    "seeds that were spawned": ("fork", SPAWNED),
    "a seed for each worker": ("fork", NUMBERED),
}
SPAWN_MISTAKEN = {"one seed": ("spawn", ONE_SEED + POOL), "an executor": ("spawn", EXECUTOR)}
SPAWN_CORRECT = {"runs of two settings": ("spawn", RUNS), "the state of each": ("spawn", NUMBERED)}


def audited(folder, method, body):
    path = folder / "program.py"
    path.write_text(textwrap.dedent(HEAD + body + TAIL).lstrip("\n"))
    command = [
        sys.executable,
        "-m",
        "keystream",
        "audit",
        "--format",
        "json",
        "--output",
        "report.json",
    ]
    done = subprocess.run(
        [*command, path.name, method],
        cwd=folder, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    report = json.loads((folder / "report.json").read_text())
    found = [each for each in report["findings"] if each["severity"] != "note"]
    lines = path.read_text().splitlines()
    return [
        (f["code"], lines[f["locations"][0]["line"] - 1].endswith("# here")) for f in found
    ], report


def check_named(folder, method, body):
    found, report = audited(folder, method, body)
    assert found == [("KS504", True)]
    books = report["summary"]["generators"]
    assert books["draws"] == books["distinct"] + books["in_findings"]


@pytest.mark.parametrize("name", MISTAKEN)
def test_forked_workers_that_begin_alike_are_named(tmp_path, name):
    check_named(tmp_path, *MISTAKEN[name])


@pytest.mark.parametrize("name", CORRECT)
def test_forked_workers_of_seeds_of_their_own_are_right(tmp_path, name):
    assert audited(tmp_path, *CORRECT[name])[0] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SPAWN_MISTAKEN)
def test_spawned_workers_that_begin_alike_are_named(tmp_path, name):
    check_named(tmp_path, *SPAWN_MISTAKEN[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", SPAWN_CORRECT)
def test_spawned_workers_of_runs_or_seeds_of_their_own_are_right(tmp_path, name):
    assert audited(tmp_path, *SPAWN_CORRECT[name])[0] == []
