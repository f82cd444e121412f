"""How heavy the page of a report is, and how long a browser takes until it stands.

    python benchmarks/page.py             # saves benchmarks/results/page.json
    python benchmarks/page.py --no-save

Runs of 10 to 100,000 steps, each with five streams, a chain of split keys and repeated ones; and 500
findings in twelve files upon the longest. *Ready* is from the start of the navigation to the end of the
page's own script, everything drawn; each page is opened anew so many times. Needs an installed Chromium.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import keystream
from keystream import _report
from keystream._audit import parquet
from keystream._cli.report import of_record
from keystream._findings import Finding, Location, Report

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "report"))

import chromium  # noqa: E402

OPENED = 7
PROGRAM = """\
import sys

import jax
import jax.numpy as jnp

import keystream as ks

streams = ks.Streams(0, "params", "dropout", "noise", "mask")
carried, eval_key = jax.random.key(1), jax.random.key(99)


@jax.jit
def train(x, drop, noise, key):
    key, sub = jax.random.split(key)
    x = x * jax.random.bernoulli(drop, 0.9, x.shape) + jax.random.normal(noise, x.shape)
    return x + jax.random.uniform(sub, x.shape), key


@jax.jit
def evaluate(x, key):
    return (x + jax.random.normal(key, x.shape)).mean()


x = jnp.zeros(8)
for i in range(int(sys.argv[1])):
    ks.step(i)
    x, carried = train(x, streams.key("dropout", i), streams.key("noise", i), carried)
    if i % 7 == 3:
        jax.random.permutation(streams.key("mask", i), 16)
    if i % 50 == 0:
        evaluate(x, eval_key)
    if i % 997 == 500:
        jax.random.normal(streams.key("noise", i), (8,))
"""


def audited(steps: int, folder: Path) -> Report:
    (folder / "train.py").write_text(PROGRAM)
    record = f"{steps}.parquet"
    command = ["audit", "--record", record, "--output", "report.txt", "train.py", str(steps)]
    subprocess.run([sys.executable, "-m", "keystream", *command], cwd=folder, check=False)
    return of_record(parquet.load(folder / record))


def with_findings(report: Report, folder: Path) -> Report:
    line = "value = jax.random.normal(key, (4, 3))  # one line of a module among many others\n"
    for number in range(12):
        (folder / f"module_{number}.py").write_text("import jax\n" + line * 400)
    found = [
        Finding(
            "KS101", "error", f"normal draws from the key that uniform drew from, in case {n}",
            "both draw the same numbers where independent ones are expected",
            "give each its own key:\nfirst, second = jax.random.split(key)",
            (Location(f"module_{n % 12}.py", 3 + n % 390, 9, f"function_{n}"),),
            (Location(f"module_{n % 12}.py", 2 + n % 390, 9, f"function_{n}", "drawn from first"),),
            steps=(n, n + 400), count=n + 1,
            lineage=(("key(0)", "split[0]", "normal"), ("key(0)", "split[0]", "uniform")),
        )
        for n in range(500)
    ]  # fmt: skip
    return replace(report, findings=tuple(found))


def opened(browser: chromium.Chromium, path: Path) -> list[float]:
    times = []
    for _ in range(OPENED):
        page = browser.open(path)
        times.append(float(page.value("document.documentElement.dataset.ready")))
        page.close()
    return times


def measured(folder: Path) -> dict[str, Any]:
    reports = {f"{steps:,} steps": audited(steps, folder) for steps in (10, 10_000, 100_000)}
    reports["100,000 steps, 500 findings"] = with_findings(reports["100,000 steps"], folder)
    results = {}
    with chromium.running(folder / "profile") as browser:
        for name, report in reports.items():
            path = folder / "report.html"
            path.write_text(_report.render(report, "html"))
            low, middle, high = np.percentile(opened(browser, path), [25, 50, 75]).round().tolist()
            results[name] = {
                "bytes": path.stat().st_size,
                "ready_ms": {"median": middle, "quartiles": [low, high]},
            }
        version = browser.ask("Browser.getVersion")["product"]
    return {"keystream": keystream.__version__, "browser": version, "pages": results}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--no-save", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        os.chdir(name)  # sources are read from where the program ran
        result = measured(Path(name))
    text = json.dumps(result, indent=2) + "\n"
    print(text, end="")
    if not arguments.no_save:
        (HERE / "results" / "page.json").write_text(text)


if __name__ == "__main__":
    main()
