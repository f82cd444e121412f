"""What all dropout of a training step costs: to run, and before the first step.

    python benchmarks/training.py         # prints a table, writes results/training.json

Two steps of plain JAX, gradient and plain update of the weights included: an MLP of 24 layers of width
512 with a dropout after each (batch 1024, 12.6 million elements dropped), and a transformer of four
blocks of width 256 with 17 dropouts (embedding; attention's weights, its output and both of the MLP's
layers a block; 8 sequences of 128, 8.7 million elements). Float32, rate 0.1. Flax folds the place of a
layer into one key, which is a hash of its own in the program; `Streams` gives all keys in one. Every
figure is the median, with quartiles, of a difference or ratio within a round to the same step without
dropout. Milliseconds a site are of processor time, which other work on the machine disturbs less.
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
from rich.progress import track
from rich.table import Table

import keystream as ks

RATE = 0.1
KEY = jax.random.key(7)
PHILOX = jax.random.key(7, impl="philox2x32")
LAYERS, WIDTH, BATCH = 24, 512, 1024
BLOCKS, HEADS, LENGTH, SEQUENCES, MODEL = 4, 4, 128, 8, 256

STREAMS = ks.Streams(7, "dropout")

Drop = Callable[[Any, int, jax.Array], jax.Array]  # keys, place, values


def _keystream(keys: jax.Array, place: int, x: jax.Array) -> jax.Array:
    return ks.dropout(keys[place], x, RATE)


def _keystream_folded(key: jax.Array, place: int, x: jax.Array) -> jax.Array:
    return ks.dropout(jax.random.fold_in(key, place), x, RATE)


def _flax(key: jax.Array, place: int, x: jax.Array) -> jax.Array:
    layer = nn.Dropout(RATE, deterministic=False)
    return layer.apply({}, x, rng=jax.random.fold_in(key, place))


def _none(key: jax.Array, place: int, x: jax.Array) -> jax.Array:
    return x


# name -> what drops, what the step derives its keys from, and the lowering of Threefry it has
CANDIDATES: dict[str, tuple[Drop, Any, str]] = {
    "none": (_none, KEY, "as installed"),
    "keystream, keys of Streams": (_keystream, (STREAMS, np.int32(3)), "as installed"),
    "keystream, keys of fold_in": (_keystream_folded, KEY, "as installed"),
    "flax.linen": (_flax, KEY, "as installed"),
    "flax.linen, fuse_threefry": (_flax, KEY, "fused"),
    "flax.linen, coming": (_flax, KEY, "coming"),
    "flax.linen, philox2x32": (_flax, PHILOX, "as installed"),
}


def mlp(drop: Drop) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A step of the MLP, and its weights and input."""
    weights = [jnp.eye(WIDTH)] * LAYERS
    x = jax.random.normal(KEY, (BATCH, WIDTH))

    def loss(weights: list[jax.Array], x: jax.Array, source: Any) -> jax.Array:
        key = _keys(source, LAYERS)
        for place, weight in enumerate(weights):
            x = drop(key, place, jax.nn.relu(x @ weight))
        return jnp.square(x).mean()

    return _step(loss), (weights, x)


def transformer(drop: Drop) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A step of the transformer, and its weights and input."""
    shapes = {"qkv": (MODEL, 3 * MODEL), "out": (MODEL, MODEL)}
    shapes |= {"up": (MODEL, 4 * MODEL), "down": (4 * MODEL, MODEL)}
    draw = jax.nn.initializers.lecun_normal()
    weights = [{name: draw(KEY, shape) for name, shape in shapes.items()} for _ in range(BLOCKS)]
    x = jax.random.normal(KEY, (SEQUENCES, LENGTH, MODEL))

    def loss(weights: list[dict[str, jax.Array]], x: jax.Array, source: Any) -> jax.Array:
        key = _keys(source, 1 + 4 * BLOCKS)
        x = drop(key, 0, x)
        for block, weight in enumerate(weights):
            first = 1 + 4 * block
            x = x + drop(key, first + 1, _attend(weight, x, lambda p, f=first: drop(key, f, p)))
            hidden = drop(key, first + 2, jax.nn.gelu(_norm(x) @ weight["up"]))
            x = x + drop(key, first + 3, hidden @ weight["down"])
        return jnp.square(x).mean()

    return _step(loss), (weights, x)


def _keys(source: Any, sites: int) -> jax.Array:
    """One key for all sites, to be folded, or all keys of a stream at once."""
    if not isinstance(source, tuple):
        return source
    streams, step = source
    return streams.keys("dropout", step, sites)


def _attend(
    weight: dict[str, jax.Array], x: jax.Array, drop: Callable[[jax.Array], jax.Array]
) -> jax.Array:
    heads = (_norm(x) @ weight["qkv"]).reshape(SEQUENCES, LENGTH, 3, HEADS, MODEL // HEADS)
    query, key, value = (heads[:, :, part] for part in range(3))
    scores = jnp.einsum("bqhd,bkhd->bhqk", query, key) * (MODEL // HEADS) ** -0.5
    mixed = jnp.einsum("bhqk,bkhd->bqhd", drop(jax.nn.softmax(scores)), value)
    return mixed.reshape(x.shape) @ weight["out"]


def _norm(x: jax.Array) -> jax.Array:
    return (x - x.mean(-1, keepdims=True)) * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-6)


def _step(loss: Callable[..., jax.Array]) -> Callable[..., Any]:
    def step(weights: Any, x: jax.Array, source: Any) -> Any:
        gradient = jax.grad(loss)(weights, x, source)
        return jax.tree.map(lambda weight, slope: weight - 1e-3 * slope, weights, gradient)

    return step


MODELS = {"mlp": (mlp, LAYERS), "transformer": (transformer, 1 + 4 * BLOCKS)}


def compile_all(model: str, rounds: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Compiled steps by candidate, and processor seconds to lower and to compile: [rounds, 2]."""
    compiled, seconds = {}, {name: [] for name in CANDIDATES}
    for _ in track(range(rounds), f"{model}: compiling", transient=True):
        for name, (drop, source, lowering) in CANDIDATES.items():
            step, arguments = MODELS[model][0](drop)
            jax.clear_caches()
            with LOWERINGS[lowering]():
                start = time.process_time()
                lowered = jax.jit(step).lower(*arguments, source)
                middle = time.process_time()
            program = lowered.compile()
            seconds[name].append((middle - start, time.process_time() - middle))
            compiled[name] = _call(program, (*arguments, source))
    return compiled, {name: np.array(values) for name, values in seconds.items()}


def _call(program: Callable[..., Any], arguments: tuple[Any, ...]) -> Callable[[], Any]:
    return lambda: jax.block_until_ready(program(*arguments))


def measure(model: str, rounds: int, compile_rounds: int) -> dict[str, Any]:
    sites = MODELS[model][1]
    compiled, seconds = compile_all(model, compile_rounds)
    times = interleave(compiled, rounds=rounds, seconds=0.2, label=f"{model}: running")
    figures: dict[str, Any] = {
        "sites": sites,
        "none_ms": quartiles(times["none"] / 1e3),
    }
    base = seconds.pop("none")
    sited = {name: (values - base) / sites * 1e3 for name, values in seconds.items()}
    figures["candidates"] = {
        name: {
            "times_none": quartiles(times[name] / times["none"]),
            "trace_and_lower_ms_a_site": quartiles(values[:, 0]),
            "compile_ms_a_site": quartiles(values[:, 1]),
        }
        for name, values in sited.items()
    }
    return figures


def report(figures: dict[str, Any], console: Console) -> None:
    for model, of in figures["models"].items():
        title = f"{model}, {of['sites']} sites: {of['none_ms'][1]:.1f} ms without dropout (medians)"
        table = Table(title=title)
        columns = ["", "times the step without", "trace and lower, ms a site", "XLA, ms a site"]
        for column in columns:
            table.add_column(column, justify="right" if column else "left")
        for name, entry in of["candidates"].items():
            times, trace, xla = (cell[1] for cell in entry.values())
            table.add_row(name, f"{times:.3f}", f"{trace:.1f}", f"{xla:.1f}")
        console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=25, help="of running (default 25)")
    parser.add_argument("--compile-rounds", type=int, default=3, help="(default 3)")
    parser.add_argument("--no-save", action="store_true", help="print only")
    arguments = parser.parse_args()
    rounds, compile_rounds = arguments.rounds, arguments.compile_rounds
    figures = {
        "rate": RATE,
        "dtype": "float32",
        "rounds": rounds,
        "models": {model: measure(model, rounds, compile_rounds) for model in MODELS},
    }
    report(figures, Console(width=110))
    if not arguments.no_save:
        print(f"saved {save('training', figures).relative_to(RESULTS.parent.parent)}")


if __name__ == "__main__":
    main()
