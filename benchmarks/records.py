"""What recording ten million keys costs: bytes of a key, seconds to record, judge, save and compare.

    python benchmarks/records.py             # saves benchmarks/results/records.json
    python benchmarks/records.py --keys 1000000 --no-save

The program draws from 10,000 keys a call, each key once. It runs in a process of its own, plain and
then audited; memory is what the audited process has more. *Resident* is measured when the program has
ended, before the recording is judged, *peak* is the most at any time, judging and saving included.
Columns hold 16 bytes a use of a key; lineage is kept for the first two million keys, and has 32 bytes
for each. *Fixed* is what an audit of two steps takes. *Beyond fixed* is the rest, by key; *each further*
compares the run with one of half the keys.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BATCH = 10_000


def program(keys: int) -> None:
    """A training of keys / 10,000 steps, each of which draws from 10,000 keys."""
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    @jax.jit
    def step(total: jax.Array, key: jax.Array) -> jax.Array:
        members = jax.random.split(key, BATCH)
        return total + jax.vmap(jax.random.uniform)(members).mean()

    root, total = jax.random.key(0), jnp.zeros(())
    for number in range(keys // BATCH):
        total = step(total, jax.random.fold_in(root, number))
    total.block_until_ready()


def measured(keys: int, record: str) -> dict[str, Any]:
    """Run the program audited, and say what it took."""
    import keystream as ks  # noqa: PLC0415
    from keystream._session import running as session  # noqa: PLC0415

    marks: dict[str, float] = {}
    judge, save = session.judge, session.parquet.save

    def timed_judge(*arguments: Any) -> Any:
        marks["resident"] = _resident()
        marks["recorded"] = time.perf_counter()
        report = judge(*arguments)
        marks["judged"] = time.perf_counter()
        marks["peak_before_saving"] = _peak()
        return report

    def timed_save(*arguments: Any, **options: Any) -> None:
        save(*arguments, **options)
        marks["saved"] = time.perf_counter()

    session.judge, session.parquet.save = timed_judge, timed_save
    start = time.perf_counter()
    with ks.audit(record=record) as audit:
        program(keys)
    recording = audit.recording
    columns = (recording.keys, recording.key_sites, recording.key_calls)
    assert audit.report is not None
    return {
        "distinct_keys": audit.report.summary["unique_keys"],
        "findings": len(audit.report.findings),
        "column_bytes": sum(column.nbytes for column in columns),
        "lineage_bytes": 32 * len(recording.children),
        "resident": marks["resident"],
        "peak": max(_peak(), marks["peak_before_saving"]),
        "record_s": marks["recorded"] - start,
        "judge_s": marks["judged"] - marks["recorded"],
        "save_s": marks["saved"] - marks["judged"],
    }


def _resident() -> int:
    """Bytes of memory that this process holds now."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def child(what: str, keys: int, record: str) -> dict[str, Any]:
    """Run this file in a process of its own."""
    words = [sys.executable, __file__, "--child", what, "--keys", str(keys), "--record", record]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def compared(first: str, second: str) -> tuple[float, bool]:
    """Seconds of `keystream diff`, its start included, and whether it found the records the same."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "keystream", "diff", first, second], capture_output=True, check=False
    )
    return time.perf_counter() - start, done.returncode == 0


def figures(keys: int) -> dict[str, Any]:
    """All figures of the benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        record = str(Path(folder) / "run.parquet")
        plain = child("plain", keys, record)
        fixed = child("audited", 2 * BATCH, record)
        half = child("audited", keys // 2, record)
        seen = child("audited", keys, record)
        diff_s, same = compared(record, record)
        size = Path(record).stat().st_size
    distinct = seen["distinct_keys"]
    assert same
    assert distinct == keys
    total = seen["record_s"] + seen["judge_s"]
    return {
        "keys": keys,
        "distinct_keys": distinct,
        "findings": seen["findings"],
        "bytes_a_key": {
            "columns": round(seen["column_bytes"] / distinct, 2),
            "lineage": round(seen["lineage_bytes"] / distinct, 2),
            "record_on_disk": round(size / distinct, 1),
            **{
                what: {
                    "in_all": round((seen[what] - plain["resident"]) / distinct, 1),
                    "beyond_fixed": round((seen[what] - fixed[what]) / distinct, 1),
                    "each_further": round((seen[what] - half[what]) / (distinct - keys // 2), 1),
                }
                for what in ("resident", "peak")
            },
        },
        "fixed_megabytes": round((fixed["peak"] - plain["resident"]) / 1e6, 1),
        "seconds": {
            "program_alone": round(plain["seconds"], 2),
            "recorded": round(seen["record_s"], 2),
            "judged": round(seen["judge_s"], 2),
            "recorded_and_judged": round(total, 2),
            "saved": round(seen["save_s"], 2),
            "compared_with_itself": round(diff_s, 2),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--keys", type=int, default=10_000_000)
    parser.add_argument("--no-save", action="store_true", help="print the figures only")
    parser.add_argument("--child", choices=("plain", "audited"), help=argparse.SUPPRESS)
    parser.add_argument("--record", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child == "audited":
        print(json.dumps(measured(arguments.keys, arguments.record)))
        return
    if arguments.child == "plain":
        start = time.perf_counter()
        program(arguments.keys)
        print(json.dumps({"seconds": time.perf_counter() - start, "resident": _resident()}))
        return
    found = figures(arguments.keys)
    print(json.dumps(found, indent=1))
    if not arguments.no_save:
        from measure import save  # noqa: PLC0415  # imports JAX

        print(f"saved {save('records', found)}")


if __name__ == "__main__":
    main()
