"""What dropout costs, as a multiple of copying the array once (forward) or twice (with backward).

    python benchmarks/draws.py            # prints a table, writes results/draws.json and draws.svg

Every figure is the median, with quartiles, of ratios within a round: the candidates run one after the
other in each, so that what disturbs the machine disturbs all of them. Rate 0.1, results in fresh
buffers, as a user sees them. Peers: ``flax.linen``, ``flax.nnx`` and ``equinox`` with the lowering of
Threefry that the installed JAX has; NumPy; PyTorch where it is installed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from measure import RESULTS, interleave, quartiles, save
from rich.console import Console
from rich.table import Table

import keystream as ks

try:
    import torch
except ImportError:
    torch = None

RATE = 0.1
SIZES = {"64k": 2**16, "1M": 2**20, "16M": 2**24, "64M": 2**26}
KEY = jax.random.key(7)

Drop = Callable[[jax.Array, jax.Array], jax.Array]
DROPS: dict[str, Drop] = {
    "keystream": lambda key, x: ks.dropout(key, x, RATE),
    "keystream, regenerate": lambda key, x: ks.dropout(key, x, RATE, regenerate=True),
    "flax.linen": lambda key, x: nn.Dropout(RATE, deterministic=False).apply({}, x, rng=key),
    "flax.nnx": lambda key, x: nnx.Dropout(RATE)(x, rngs=key),
    "equinox": lambda key, x: eqx.nn.Dropout(RATE)(x, key=key),
}


def forward(size: int, dtype: str) -> dict[str, Callable[[], Any]]:
    """The candidates' forward pass, and the copy that it is measured by."""
    x = jnp.ones((size // 4096, 4096), dtype)
    copy = jax.jit(lambda x: x * 2)
    calls: dict[str, Callable[[], Any]] = {"copy": lambda: _ready(copy(x))}
    for name, drop in DROPS.items():
        if "regenerate" not in name:
            calls[name] = _call(jax.jit(drop), KEY, x)
    if dtype == "float32":
        calls |= _others(size)
    return calls


def backward(size: int, dtype: str) -> dict[str, Callable[[], Any]]:
    """Forward and backward pass, and two copies."""
    x = jnp.ones((size // 4096, 4096), dtype)
    copies = jax.jit(lambda x, g: (x * 2, g * 3))
    calls: dict[str, Callable[[], Any]] = {"copy": lambda: _ready(copies(x, x))}
    for name, drop in DROPS.items():
        calls[name] = _call(jax.jit(_both(drop)), KEY, x, x)
    return calls


def _both(drop: Drop) -> Callable[..., Any]:
    def run(key: jax.Array, x: jax.Array, cotangent: jax.Array) -> Any:
        y, pull = jax.vjp(lambda x: drop(key, x), x)
        return y, pull(cotangent)[0]

    return run


def _call(f: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: _ready(f(*arguments))


def _ready(result: Any) -> Any:
    return jax.block_until_ready(result)


def _others(size: int) -> dict[str, Callable[[], Any]]:
    x, generator = np.ones(size, np.float32), np.random.default_rng(0)

    def with_numpy() -> Any:
        return np.where(generator.random(size, np.float32) < 1 - RATE, x / np.float32(1 - RATE), 0)

    calls: dict[str, Callable[[], Any]] = {"numpy": with_numpy}
    if torch is not None:
        tensor = torch.ones(size)
        calls["torch"] = lambda: torch.nn.functional.dropout(tensor, RATE)
    return calls


def compile_seconds(rounds: int) -> dict[str, Any]:
    """Seconds to trace and to compile a step a dropout site, from steps of 24 sites and of none."""
    weights, x = [jnp.eye(256)] * 24, jnp.ones((64, 256))

    def step(drop: Drop | None) -> Callable[..., Any]:
        def loss(weights: list[jax.Array], x: jax.Array, key: jax.Array) -> jax.Array:
            for place, weight in enumerate(weights):
                x = jax.nn.relu(x @ weight)
                if drop is not None:
                    x = drop(jax.random.fold_in(key, place), x)
            return x.sum()

        return jax.jit(jax.grad(loss))

    figures: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for name, drop in {"none": None, **DROPS}.items():
            jax.clear_caches()
            start = time.perf_counter()
            lowered = step(drop).lower(weights, x, KEY)
            middle = time.perf_counter()
            lowered.compile()
            end = time.perf_counter()
            figures.setdefault(name, []).append((middle - start, end - middle))
    base = np.array(figures.pop("none"))
    sites = {name: (np.array(values) - base) / 24 * 1e3 for name, values in figures.items()}
    return {
        name: {
            "trace_and_lower_ms_a_site": quartiles(values[:, 0]),
            "compile_ms_a_site": quartiles(values[:, 1]),
        }
        for name, values in sites.items()
    }


def measure(rounds: int, sizes: list[str]) -> dict[str, Any]:
    figures: dict[str, Any] = {"rate": RATE, "rounds": rounds, "ratios": []}
    for name in sizes:
        for dtype in ("float32", "bfloat16"):
            for kind, candidates in (("forward", forward), ("forward and backward", backward)):
                label = f"{kind}, {name} {dtype}"
                calls = candidates(SIZES[name], dtype)
                times = interleave(calls, rounds=rounds, seconds=0.03, label=label)
                entry = {"pass": kind, "size": name, "shape": [SIZES[name] // 4096, 4096]}
                entry |= {"dtype": dtype, "copy_us": quartiles(times["copy"])}
                entry["times_the_copy"] = {
                    each: quartiles(values / times["copy"])
                    for each, values in times.items()
                    if each != "copy"
                }
                figures["ratios"].append(entry)
    return figures


def report(figures: dict[str, Any], console: Console) -> None:
    for kind in ("forward", "forward and backward"):
        entries = [entry for entry in figures["ratios"] if entry["pass"] == kind]
        table = Table(title=f"{kind}: times the copy (medians)")
        table.add_column("")
        for entry in entries:
            short = {"float32": "f32", "bfloat16": "bf16"}[entry["dtype"]]
            table.add_column(f"{entry['size']} {short}", justify="right")
        names = list(dict.fromkeys(name for entry in entries for name in entry["times_the_copy"]))
        for name in names:
            cells = (entry["times_the_copy"].get(name) for entry in entries)
            table.add_row(name, *("" if cell is None else f"{cell[1]:.2f}" for cell in cells))
        console.print(table)
    table = Table(title="milliseconds a site (medians of 24 sites)")
    for column in ("", "trace and lower", "compile"):
        table.add_column(column, justify="right" if column else "left")
    for name, entry in figures["compile"].items():
        cells = (entry["trace_and_lower_ms_a_site"], entry["compile_ms_a_site"])
        table.add_row(name, *(f"{cell[1]:.1f}" for cell in cells))
    console.print(table)


def draw(figures: dict[str, Any]) -> None:
    """The ratios as a picture: results/draws.svg."""
    import matplotlib as mpl  # noqa: PLC0415 - only the picture needs it

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "keystream"
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, grid = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
    colours = dict(zip(DROPS, ["#0072B2", "#56B4E9", "#E69F00", "#009E73", "#CC79A7"], strict=True))
    colours |= {"numpy": "#7F7F7F", "torch": "#000000"}
    for axes, kind in zip(grid, ("forward", "forward and backward"), strict=True):
        entries = [e for e in figures["ratios"] if (e["pass"], e["dtype"]) == (kind, "float32")]
        sizes = [entry["size"] for entry in entries]
        for name in entries[0]["times_the_copy"]:
            low, middle, high = zip(*(e["times_the_copy"][name] for e in entries), strict=True)
            axes.fill_between(sizes, low, high, color=colours[name], alpha=0.2, linewidth=0)
            width = 2 if name.startswith("keystream") else 1
            axes.plot(sizes, middle, "o-", color=colours[name], label=name, lw=width)
        copies = "one copy" if kind == "forward" else "two copies"
        axes.axhline(1, color="black", lw=0.8, ls=":")
        axes.set(
            title=f"{kind}, float32", xlabel="elements", ylabel=f"times {copies}", yscale="log"
        )
        axes.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    figure.savefig(RESULTS / "draws.svg", metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15, help="figures of each (default 15)")
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--name", default="draws", help="of the results (default draws)")
    parser.add_argument("--no-save", action="store_true", help="print only")
    arguments = parser.parse_args()
    figures = measure(arguments.rounds, arguments.sizes)
    figures["compile"] = compile_seconds(rounds=3)
    report(figures, Console(width=120))
    if not arguments.no_save:
        if arguments.name == "draws":
            draw(figures)
        print(f"saved {save(arguments.name, figures).relative_to(RESULTS.parent.parent)}")


if __name__ == "__main__":
    main()
