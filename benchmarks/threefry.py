"""What `fuse_threefry` makes of JAX's own draws, and what initialising a model costs.

    python benchmarks/threefry.py         # prints tables, writes results/threefry.json

Three lowerings of Threefry for the CPU take turns in every round: that of the installed JAX, with
`fuse_threefry`, and the one that JAX has after its pull request 37872 (rounds written out everywhere).
Float32, results in fresh buffers. The model is a Flax Linen transformer of 24 layers and 105 million
parameters, initialised under ``jit`` and eagerly. *First* is a call with nothing compiled, *again* is
a later one.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from lowerings import LOWERINGS
from measure import RESULTS, interleave, quartiles, save
from rich.console import Console
from rich.table import Table

KEY = jax.random.key(7)
ELEMENTS = 2**24
DROPOUT = nn.Dropout(0.1, deterministic=False)
INIT = "init, 24 layers"

Program = tuple[Callable[..., Any], tuple[Any, ...]]


class Block(nn.Module):
    """Attention and two dense layers, each after a norm."""

    width: int
    heads: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """From and to [batch, time, width]."""
        y = nn.LayerNorm()(x)
        x = x + nn.MultiHeadDotProductAttention(num_heads=self.heads)(y, y)
        y = nn.gelu(nn.Dense(4 * self.width)(nn.LayerNorm()(x)))
        return x + nn.Dense(self.width)(y)


class Transformer(nn.Module):
    """Of 105 million parameters as it stands."""

    layers: int = 24
    width: int = 576
    heads: int = 9
    vocabulary: int = 8192

    @nn.compact
    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Tokens [batch, time] to logits."""
        x = nn.Embed(self.vocabulary, self.width)(tokens)
        x = x + nn.Embed(tokens.shape[1], self.width)(jnp.arange(tokens.shape[1]))
        for _ in range(self.layers):
            x = Block(self.width, self.heads)(x)
        return nn.Dense(self.vocabulary)(nn.LayerNorm()(x))


def programs(layers: int) -> dict[str, Program]:
    """Name to a new function, which no cache of JAX has seen, and its arguments."""
    x, tokens = jnp.ones((ELEMENTS // 4096, 4096)), jnp.zeros((1, 128), jnp.int32)
    model = Transformer(layers)

    def dropout(key: jax.Array, x: jax.Array) -> jax.Array:
        return DROPOUT.apply({}, x, rngs={"dropout": key})

    def both(key: jax.Array, x: jax.Array, cotangent: jax.Array) -> Any:
        y, pull = jax.vjp(lambda x: dropout(key, x), x)
        return y, pull(cotangent)[0]

    return {
        "uniform": (lambda key: jax.random.uniform(key, x.shape), (KEY,)),
        "normal": (lambda key: jax.random.normal(key, x.shape), (KEY,)),
        "nn.Dropout": (dropout, (KEY, x)),
        "nn.Dropout, forward and backward": (both, (KEY, x, x)),
        INIT: (lambda key: model.init(key, tokens), (KEY,)),
    }


def compile_all(layers: int, rounds: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Compiled programs by name and lowering, and the seconds of processor time that took."""
    seconds: dict[str, dict[str, list[float]]] = {}
    compiled: dict[str, dict[str, Any]] = {}
    for _ in range(rounds):
        for lowering, switch in LOWERINGS.items():
            for name, (program, arguments) in programs(layers).items():
                with switch():
                    lowered = jax.jit(program).lower(*arguments)
                start = time.process_time()
                executable = lowered.compile()
                taken = time.process_time() - start
                seconds.setdefault(name, {}).setdefault(lowering, []).append(taken)
                compiled.setdefault(name, {})[lowering] = _call(executable, arguments)
    return compiled, {
        name: {lowering: quartiles(np.array(values)) for lowering, values in entry.items()}
        for name, entry in seconds.items()
    }


def _call(f: Callable[..., Any], arguments: tuple[Any, ...]) -> Callable[[], Any]:
    return lambda: jax.block_until_ready(f(*arguments))


def run_all(compiled: dict[str, Any], rounds: int) -> dict[str, Any]:
    """Milliseconds as installed, and how many times faster the others are."""
    figures = {}
    for name, calls in compiled.items():
        times = interleave(calls, rounds=rounds, seconds=0.05, label=name)
        base = times.pop("as installed")
        figures[name] = {"as_installed_ms": quartiles(base / 1e3)} | {
            f"{lowering}_times_faster": quartiles(base / values)
            for lowering, values in times.items()
        }
    return figures


def initialise(layers: int, rounds: int) -> dict[str, Any]:
    """Seconds to initialise the model, first and again, under jit and eagerly."""
    seconds: dict[str, list[float]] = {}
    tokens = jnp.zeros((1, 128), jnp.int32)
    for _ in range(rounds):
        for lowering in ("as installed", "fused"):
            for way in ("jit", "eager"):
                jax.clear_caches()
                init = Transformer(layers).init
                init = jax.jit(init) if way == "jit" else init
                with LOWERINGS[lowering]():
                    for turn in ("first", "again"):
                        start = time.perf_counter()
                        jax.block_until_ready(init(KEY, tokens))
                        taken = time.perf_counter() - start
                        seconds.setdefault(f"{way}, {lowering}, {turn}", []).append(taken)
    return {name: quartiles(np.array(values)) for name, values in seconds.items()}


def report(figures: dict[str, Any], console: Console) -> None:
    table = Table(title="run: milliseconds as installed, and times faster (medians)")
    for column in ("", "as installed", "fused", "coming"):
        table.add_column(column, justify="right" if column else "left")
    for name, entry in figures["run"].items():
        table.add_row(name, *(f"{cell[1]:.2f}" for cell in entry.values()))
    console.print(table)
    table = Table(title="compile: seconds of processor time (medians)")
    for column in ("", *LOWERINGS):
        table.add_column(column, justify="right" if column else "left")
    for name, entry in figures["compile_s"].items():
        table.add_row(name, *(f"{cell[1]:.3f}" for cell in entry.values()))
    console.print(table)
    table = Table(title="initialise the model: seconds (medians)")
    table.add_column("")
    table.add_column("", justify="right")
    for name, cell in figures["initialise_s"].items():
        table.add_row(name, f"{cell[1]:.2f}")
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11, help="of running (default 11)")
    parser.add_argument("--compile-rounds", type=int, default=3, help="(default 3)")
    parser.add_argument("--layers", type=int, default=24, help="of the model (default 24)")
    parser.add_argument("--no-save", action="store_true", help="print only")
    arguments = parser.parse_args()
    compiled, seconds = compile_all(arguments.layers, arguments.compile_rounds)
    figures = {
        "shape": [ELEMENTS // 4096, 4096],
        "dtype": "float32",
        "rate": DROPOUT.rate,
        "layers": arguments.layers,
        "rounds": arguments.rounds,
        "compile_rounds": arguments.compile_rounds,
        "compile_s": seconds,
        "run": run_all(compiled, arguments.rounds),
        "initialise_s": initialise(arguments.layers, arguments.compile_rounds),
    }
    report(figures, Console(width=120))
    if not arguments.no_save:
        print(f"saved {save('threefry', figures).relative_to(RESULTS.parent.parent)}")


if __name__ == "__main__":
    main()
