"""Runs small programs under `keystream audit --record`, each in a process of its own."""

import os
import subprocess
import sys


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
    done = keystream("audit", "--record", f"{name}.parquet", "train.py", *arguments, cwd=folder)
    assert (folder / f"{name}.parquet").is_file(), done.stderr
    return folder / f"{name}.parquet"
