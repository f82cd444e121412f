"""What dropout costs, as a multiple of copying the array once (forward) or twice (with backward).

    python benchmarks/draws.py            # prints a table, writes results/draws.json and draws.svg

Every figure is the median, with quartiles, of ratios within a round: the candidates run one after the
other in each, so that what disturbs the machine disturbs all of them. Rate 0.1, results in fresh
buffers, as a user sees them. Peers: ``flax.linen``, ``flax.nnx`` and ``equinox`` with the lowering of
Threefry that the installed JAX has, with the one that is coming to JAX, and with keys of Philox; NumPy;
Keras and PyTorch where they are installed.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

import equinox as eqx
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from lowerings import coming
from measure import RESULTS, interleave, quartiles, save
from rich.console import Console
from rich.table import Table

import keystream as ks

os.environ.setdefault("KERAS_BACKEND", "jax")
try:
    import keras
except ImportError:
    keras = None
try:
    import torch
except ImportError:
    torch = None

RATE = 0.1
SIZES = {"64k": 2**16, "1M": 2**20, "16M": 2**24, "64M": 2**26}
KEY = jax.random.key(7)

PHILOX = jax.random.key(7, impl="philox2x32")

Drop = Callable[[jax.Array, jax.Array], jax.Array]
OURS: dict[str, Drop] = {
    "keystream": lambda key, x: ks.dropout(key, x, RATE),
    "keystream, regenerate": lambda key, x: ks.dropout(key, x, RATE, regenerate=True),
}
PEERS: dict[str, Drop] = {
    "flax.linen": lambda key, x: nn.Dropout(RATE, deterministic=False).apply({}, x, rng=key),
    "flax.nnx": lambda key, x: nnx.Dropout(RATE)(x, rngs=key),
    "equinox": lambda key, x: eqx.nn.Dropout(RATE)(x, key=key),
}

COLOURS = {  # of the picture; nnx and equinox run linen's program, so that only the table has them
    "keystream": "#0072B2",
    "keystream, regenerate": "#56B4E9",
    "flax.linen": "#E69F00",
    "flax.linen, coming": "#009E73",
    "flax.linen, philox2x32": "#CC79A7",
    "keras": "#D55E00",
    "numpy": "#7F7F7F",
    "torch": "#000000",
}


def forward(size: int, dtype: str) -> dict[str, Callable[[], Any]]:
    """The candidates' forward pass, and the copy that it is measured by."""
    x = jnp.ones((size // 4096, 4096), dtype)
    copy = jax.jit(lambda x: x * 2)
    calls: dict[str, Callable[[], Any]] = {"copy": lambda: _ready(copy(x))}
    calls["keystream"] = _compiled(OURS["keystream"], KEY, x)
    for name, drop in PEERS.items():
        calls |= _variants(name, drop, x)
    if keras is not None:
        calls["keras"] = _compiled(lambda x: keras.random.dropout(x, RATE, seed=7), x)
    if dtype == "float32":
        calls |= _others(size)
    return calls


def backward(size: int, dtype: str) -> dict[str, Callable[[], Any]]:
    """Forward and backward pass, and two copies."""
    x = jnp.ones((size // 4096, 4096), dtype)
    copies = jax.jit(lambda x, g: (x * 2, g * 3))
    calls: dict[str, Callable[[], Any]] = {"copy": lambda: _ready(copies(x, x))}
    for name, drop in OURS.items():
        calls[name] = _compiled(_both(drop), KEY, x, x)
    for name, drop in PEERS.items():
        calls |= _variants(name, _both(drop), x, x)
    return calls


def _both(drop: Drop) -> Callable[..., Any]:
    def run(key: jax.Array, x: jax.Array, cotangent: jax.Array) -> Any:
        y, pull = jax.vjp(lambda x: drop(key, x), x)
        return y, pull(cotangent)[0]

    return run


def _variants(name: str, f: Callable[..., Any], *arguments: Any) -> dict[str, Callable[[], Any]]:
    """One peer with each lowering of Threefry, and with Philox."""
    called: dict[str, Callable[[], Any]] = {name: _compiled(f, KEY, *arguments)}
    with coming():
        called[f"{name}, coming"] = _compiled(f, KEY, *arguments)
    called[f"{name}, philox2x32"] = _compiled(f, PHILOX, *arguments)
    return called


def _compiled(f: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    """A call of the function compiled now, by the lowering that holds now."""

    def fresh(*arguments: Any) -> Any:  # a function that no cache of JAX has seen
        return f(*arguments)

    program = jax.jit(fresh).lower(*arguments).compile()
    return lambda: _ready(program(*arguments))


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
                entry["times_keystream"] = {
                    each: quartiles(values / times["keystream"])
                    for each, values in times.items()
                    if each != "keystream"
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


def draw(figures: dict[str, Any]) -> None:
    """The ratios as a picture: results/draws.svg."""
    import matplotlib as mpl  # noqa: PLC0415 - only the picture needs it

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "keystream"
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, grid = plt.subplots(1, 2, figsize=(9, 4), layout="constrained", sharey=True)
    for axes, kind in zip(grid, ("forward", "forward and backward"), strict=True):
        entries = [e for e in figures["ratios"] if (e["pass"], e["dtype"]) == (kind, "float32")]
        sizes = [entry["size"] for entry in entries]
        for name in (name for name in COLOURS if name in entries[0]["times_the_copy"]):
            low, middle, high = zip(*(e["times_the_copy"][name] for e in entries), strict=True)
            axes.fill_between(sizes, low, high, color=COLOURS[name], alpha=0.2, linewidth=0)
            width = 2 if name.startswith("keystream") else 1
            axes.plot(sizes, middle, "o-", color=COLOURS[name], label=name, lw=width)
        copies = "one copy" if kind == "forward" else "two copies"
        axes.axhline(1, color="black", lw=0.8, ls=":")
        axes.set(
            title=f"{kind}, float32", xlabel="elements", ylabel=f"times {copies}", yscale="log"
        )
        axes.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    drawn = {line.get_label(): line for axes in grid for line in axes.get_lines()}
    named = [name for name in COLOURS if name in drawn]
    lines = [drawn[name] for name in named]
    figure.legend(lines, named, loc="outside lower center", ncols=4, fontsize=8)  # over no curve
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
    report(figures, Console(width=120))
    if not arguments.no_save:
        if arguments.name == "draws":
            draw(figures)
        print(f"saved {save(arguments.name, figures).relative_to(RESULTS.parent.parent)}")


if __name__ == "__main__":
    main()
