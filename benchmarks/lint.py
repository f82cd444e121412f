"""What linting costs: time and memory by the number of lines, and the wait for one file.

    python benchmarks/lint.py            # prints a table, writes results/lint.json

The source is that of the installed flax, optax, equinox, haiku and jax, copied until there are the lines
wanted. Each measurement is a process of its own, as a user starts it; *CPU* is the time that all its
processes used together, memory the most that all of them held at once.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from measure import quartiles, save
from rich.console import Console
from rich.table import Table

PACKAGES = ("flax", "optax", "equinox", "haiku", "jax")
SIZES = (25_000, 50_000, 100_000)
SINGLE = """\
import jax

key = jax.random.key(0)
x = jax.random.normal(key, (3,))
y = jax.random.uniform(key, (3,))
"""


def fill(folder: Path, wanted: int) -> int:
    """Copy files of the packages until there are so many lines; returns how many there are."""
    lines = 0
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            continue
        root = Path(spec.origin).parent
        for path in sorted(root.rglob("*.py")):
            if lines >= wanted:
                return lines
            target = folder / package / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
            lines += path.read_bytes().count(b"\n")
    return lines


def resident(process: int) -> int:
    """Bytes that a process and those it started hold."""
    total = 0
    try:
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                total += int(line.split()[1]) * 1024
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return total
    return total + sum(resident(int(child)) for child in children)


def lint(path: Path) -> dict[str, float]:
    """Seconds and megabytes of one run of the command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    command = [sys.executable, "-m", "keystream", "lint", "--statistics", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    most = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.02):
            most = max(most, resident(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.wait()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu": cpu, "megabytes": most / 2**20}


def measured(path: Path, rounds: int) -> dict[str, Any]:
    """Quartiles over several runs."""
    runs = [lint(path) for _ in range(rounds)]
    return {name: quartiles(np.array([run[name] for run in runs])) for name in runs[0]}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-save", action="store_true")
    arguments = parser.parse_args()
    table = Table("lines", "seconds", "CPU seconds", "megabytes")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "one.py").write_text(SINGLE)
        places = [(SINGLE.count("\n"), folder / "one.py")]
        for size in SIZES:
            part = folder / str(size)
            places.append((fill(part, size), part))
        for lines, path in places:
            row = {"lines": lines, **measured(path, arguments.rounds)}
            rows.append(row)
            table.add_row(
                *(f"{lines:,}", *(f"{row[n][1]:.2f}" for n in ("seconds", "cpu", "megabytes")))
            )
    Console().print(table)
    if not arguments.no_save:
        save("lint", {"runs": rows})


if __name__ == "__main__":
    main()
