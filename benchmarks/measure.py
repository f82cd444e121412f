"""Timing that survives a noisy machine: interleaved rounds, ratios within a round, medians."""

from __future__ import annotations

import gc
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax
import numpy as np
from rich.progress import track

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("keystream", "jax", "jaxlib", "flax", "dm-haiku", "equinox", "keras", "numpy", "torch")


def interleave(
    candidates: Mapping[str, Callable[[], Any]], *, rounds: int, seconds: float, label: str
) -> dict[str, np.ndarray]:
    """Microseconds a call of each candidate, one figure a round, all candidates in every round.

    Args:
        candidates: what to time; each is called once before anything is timed.
        rounds: how many figures of each.
        seconds: about how long a candidate runs in a round.
        label: shown beside the progress bar, on a terminal only.

    Returns:
        float64[rounds] for each candidate.
    """
    repeats = {name: _repeats(call, seconds) for name, call in candidates.items()}
    figures: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in track(range(rounds), label, disable=not sys.stdout.isatty(), transient=True):
        for name, call in candidates.items():
            figures[name].append(_time(call, repeats[name]))
    return {name: np.array(values) for name, values in figures.items()}


def _repeats(call: Callable[[], Any], seconds: float) -> int:
    call()
    return max(3, int(seconds * 1e6 / max(_time(call, 5), 0.1)))


def _time(call: Callable[[], Any], repeats: int) -> float:
    gc.disable()
    try:
        start = time.perf_counter()
        for _ in range(repeats):
            result = call()
        jax.block_until_ready(result)
        return (time.perf_counter() - start) / repeats * 1e6
    finally:
        gc.enable()


def quartiles(values: np.ndarray) -> list[float]:
    """Lower quartile, median, upper quartile, to four digits."""
    return [float(f"{value:.4g}") for value in np.percentile(values, [25, 50, 75])]


def environment() -> dict[str, Any]:
    """Device, processor count, and versions that the figures were taken with."""
    device = jax.devices()[0]
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "device": f"{device.platform} ({device.device_kind})",
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": versions,
    }


def save(name: str, figures: Mapping[str, Any]) -> Path:
    """Write the figures with the environment to results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"environment": environment(), **figures}, indent=1) + "\n")
    return path
