"""Runs small programs under `keystream audit --record`, each in a process of its own."""

import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path


def keystream(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "keystream", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )


def recorded(folder, name, source, *arguments):
    """Write the program to train.py, audit it there, and return the path of the record."""
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text(source)
    (folder / f"{name}.parquet").write_bytes(_record(source, arguments))
    return folder / f"{name}.parquet"


@cache
def _record(source, arguments):
    """What an audit of the program writes: it says nothing of where the program stands."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "train.py").write_text(source)
        done = keystream("audit", "--record", "run.parquet", "train.py", *arguments, cwd=folder)
        assert (folder / "run.parquet").is_file(), done.stderr
        return (folder / "run.parquet").read_bytes()
