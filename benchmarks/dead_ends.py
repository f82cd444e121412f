"""Forms of dropout that were tried and lost to the one that is there, on the CPU.

    python benchmarks/dead_ends.py        # prints tables, writes results/dead_ends.json

All have the same mask, which is checked before anything is timed. Float32, rate 0.1, a forward pass of
16 million elements as multiples of `keystream.dropout`, medians and quartiles of ratios within a round;
and what XLA takes for a site of a step with 24.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from lowerings import coming
from measure import RESULTS, interleave, quartiles, save
from rich.console import Console
from rich.table import Table

import keystream as ks
from keystream import _threefry

RATE = 0.1
KEEP = 1 - RATE
LIMIT = np.uint32(int(np.ceil(np.float64(np.float32(KEEP)) * 2**23)) * 2**9 - 1)
KEY = jax.random.key(7)
ELEMENTS = 2**24
SIZE_OF_A_BLOCK = 2**16
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))

Drop = Callable[[jax.Array, jax.Array], jax.Array]


def _scaled(mask: jax.Array, x: jax.Array) -> jax.Array:
    return jnp.where(mask, x / np.float32(KEEP), 0)


def _words(key: jax.Array) -> tuple[jax.Array, jax.Array]:
    words = jax.random.key_data(key)
    return words[0], words[1]


def inline(key: jax.Array, x: jax.Array) -> jax.Array:
    """The hash wherever XLA wants it."""
    counter = jax.lax.iota(jnp.uint32, x.size).reshape(x.shape)
    high, low = _threefry.block(_words(key), (jnp.uint32(0), counter))
    return _scaled((high ^ low) <= LIMIT, x)


def uniform(key: jax.Array, x: jax.Array) -> jax.Array:
    """JAX's Bernoulli numbers by way of uniform ones, with its rounds written out."""
    return _scaled(jax.random.bernoulli(key, KEEP, x.shape), x)


def blocks(key: jax.Array, x: jax.Array) -> jax.Array:
    """A block that fits the cache at a time."""
    parts = x.reshape(-1, SIZE_OF_A_BLOCK)

    def turn(part: tuple[jax.Array, jax.Array]) -> jax.Array:
        start, values = part
        counter = start + jax.lax.iota(jnp.uint32, SIZE_OF_A_BLOCK)
        high, low = _threefry.block(_words(key), (jnp.uint32(0), counter))
        return _scaled((high ^ low) <= LIMIT, values)

    starts = jnp.arange(len(parts), dtype=jnp.uint32) * np.uint32(SIZE_OF_A_BLOCK)
    return jax.lax.map(turn, (starts, parts)).reshape(x.shape)


def rolled(key: jax.Array, x: jax.Array) -> jax.Array:
    """The twenty rounds as five turns of four."""
    counter = jax.lax.iota(jnp.uint32, x.size).reshape(x.shape)
    first, second = _words(key)
    schedule = jnp.stack([first, second, first ^ second ^ np.uint32(0x1BD11BDA)])
    turns = jnp.array([ROTATIONS[turn % 2] for turn in range(5)], jnp.uint32)

    def turn(index: jax.Array, state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        high, low = state
        for place in range(4):
            by = turns[index, place]
            high = high + low
            low = high ^ ((low << by) | (low >> (np.uint32(32) - by)))
        number = (index + 1).astype(jnp.uint32)
        return high + schedule[(index + 1) % 3], low + schedule[(index + 2) % 3] + number

    start = jnp.zeros_like(counter) + first, counter + second
    high, low = jax.lax.fori_loop(0, 5, turn, start)
    return _scaled((high ^ low) <= LIMIT, x)


def shipped(key: jax.Array, x: jax.Array) -> jax.Array:
    return ks.dropout(key, x, RATE)


FORMS: dict[str, Drop] = {
    "shipped": shipped,
    "mask inline": inline,
    "by way of uniform numbers": uniform,
    "blocks that fit the cache": blocks,
    "rounds in a loop": rolled,
}


def run(rounds: int) -> dict[str, Any]:
    x = jnp.ones((ELEMENTS // 4096, 4096))
    calls: dict[str, Callable[[], Any]] = {}
    with coming():
        for name, form in FORMS.items():
            program = jax.jit(form).lower(KEY, x).compile()
            if not (program(KEY, x) == shipped(KEY, x)).all():
                raise SystemExit(f"{name} draws another mask")
            calls[name] = lambda program=program: jax.block_until_ready(program(KEY, x))
    times = interleave(calls, rounds=rounds, seconds=0.05, label="running")
    base = times.pop("shipped")
    return {name: quartiles(values / base) for name, values in times.items()}


def compile_sites(rounds: int) -> dict[str, Any]:
    weights, x = [jnp.eye(256)] * 24, jnp.ones((64, 256))

    def step(drop: Drop | None) -> Callable[..., Any]:
        def loss(weights: list[jax.Array], x: jax.Array, key: jax.Array) -> jax.Array:
            for place, weight in enumerate(weights):
                x = jax.nn.relu(x @ weight)
                if drop is not None:
                    x = drop(jax.random.fold_in(key, place), x)
            return x.sum()

        return jax.jit(jax.grad(loss))

    names = ("none", "shipped", "mask inline", "by way of uniform numbers")
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            with coming():
                lowered = step(FORMS.get(name)).lower(weights, x, KEY)
            start = time.perf_counter()
            lowered.compile()
            seconds[name].append(time.perf_counter() - start)
    base = np.array(seconds.pop("none"))
    return {name: quartiles((np.array(each) - base) / 24 * 1e3) for name, each in seconds.items()}


def report(figures: dict[str, Any], console: Console) -> None:
    for title, part in {
        "times keystream.dropout (medians)": "times_shipped",
        "XLA, milliseconds a site (medians)": "compile_ms_a_site",
    }.items():
        table = Table(title=title)
        table.add_column("")
        table.add_column("", justify="right")
        for name, cell in figures[part].items():
            table.add_row(name, f"{cell[1]:.2f}")
        console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9, help="figures of each (default 9)")
    parser.add_argument("--no-save", action="store_true", help="print only")
    arguments = parser.parse_args()
    figures = {
        "shape": [ELEMENTS // 4096, 4096],
        "dtype": "float32",
        "rate": RATE,
        "rounds": arguments.rounds,
        "times_shipped": run(arguments.rounds),
        "compile_ms_a_site": compile_sites(rounds=5),
    }
    report(figures, Console(width=100))
    if not arguments.no_save:
        print(f"saved {save('dead_ends', figures).relative_to(RESULTS.parent.parent)}")


if __name__ == "__main__":
    main()
