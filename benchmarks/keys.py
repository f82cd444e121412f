"""What named keys cost, against the idioms that they replace.

    python benchmarks/keys.py            # prints a table, writes results/keys.json and keys.svg

Three questions, each for S = 1, 4, 16 and 64 streams, ratios within one run:

- *eager*: the dictionary ``streams.rngs(step)``, against ``split`` and unpack, ``fold_in`` a stream,
  ``nnx.Rngs`` and ``hk.PRNGSequence``, all outside of ``jit``;
- *in the step*: what a jitted step pays more when it derives its keys from ``streams, step`` than when
  the same keys are handed to it as one array;
- *host*: how long the call of a jitted step that takes ``streams, step`` keeps the host.
"""

from __future__ import annotations

import argparse
from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from measure import RESULTS, interleave, quartiles, save
from rich.console import Console
from rich.table import Table

import keystream as ks

SIZES = (1, 4, 16, 64)
STEP = 1234
LONG_STEP_US = 5000.0


def stream_names(count: int) -> list[str]:
    return [f"s{place}" for place in range(count)]


def eager(count: int, rounds: int) -> dict[str, Any]:
    """Microseconds to have a key for each stream at one step, outside of jit."""
    names = stream_names(count)
    streams = ks.Streams(0, *names)
    root = jax.random.key(0)
    roots = {name: jax.random.fold_in(root, place) for place, name in enumerate(names)}
    rngs = nnx.Rngs(**{name: place for place, name in enumerate(names)})
    sequence = hk.PRNGSequence(0)
    figures = interleave(
        {
            "keystream": lambda: streams.rngs(STEP),
            "split and unpack": lambda: tuple(jax.random.split(root, count + 1)),
            "fold_in a stream": lambda: {
                name: jax.random.fold_in(key, STEP) for name, key in roots.items()
            },
            "nnx.Rngs": lambda: [rngs[name]() for name in names],
            "hk.PRNGSequence": lambda: [next(sequence) for _ in names],
        },
        rounds=rounds,
        seconds=0.02,
        label=f"eager, S = {count}",
    )
    fastest = np.min([figures[name] for name in figures if name != "keystream"], axis=0)
    return {
        "us": {name: quartiles(values) for name, values in figures.items()},
        "us_a_key": quartiles(figures["keystream"] / count),
        "fastest_idiom_over_keystream": quartiles(fastest / figures["keystream"]),
    }


def in_step(count: int, rounds: int) -> dict[str, Any]:
    """Microseconds that deriving keys adds to a jitted step, and how long its call keeps the host."""
    names = stream_names(count)
    streams = ks.Streams(0, *names)
    given = jnp.stack([jax.random.key_data(key) for key in streams.rngs(STEP).values()])
    weight = jnp.eye(96) * 0.5
    x = jnp.ones((96, 96))

    def body(x: jax.Array, words: list[jax.Array]) -> jax.Array:
        for _ in range(3):
            x = jnp.tanh(x @ weight)
        return x + sum(word[0] ^ word[1] for word in words).astype(jnp.float32)

    derived = jax.jit(
        lambda x, streams, step: body(
            x, [jax.random.key_data(key) for key in streams.rngs(step).values()]
        )
    )
    handed = jax.jit(lambda x, given, step: body(x, list(given)))
    unused = jax.jit(lambda streams, step: step + streams.roots[0, 0])
    step = np.uint32(STEP)
    np.testing.assert_array_equal(derived(x, streams, step), handed(x, given, step))
    figures = interleave(
        {
            "derived": lambda: jax.block_until_ready(derived(x, streams, step)),
            "handed": lambda: jax.block_until_ready(handed(x, given, step)),
            "host": lambda: unused(streams, step),
        },
        rounds=rounds,
        seconds=0.05,
        label=f"in the step, S = {count}",
    )
    added = figures["derived"] - figures["handed"]
    return {
        "base_step_us": quartiles(figures["handed"]),
        "added_us": quartiles(added),
        "share_of_a_5_ms_step": quartiles(added / LONG_STEP_US),
        "host_us": quartiles(figures["host"]),
    }


def report(figures: dict[str, Any], console: Console) -> None:
    table = Table(title="microseconds (medians)")
    idioms = list(figures["eager"]["1"]["us"])
    for column in ("", *(f"S = {count}" for count in SIZES)):
        table.add_column(column, justify="right" if column else "left")
    for idiom in idioms:
        table.add_row(
            f"eager, {idiom}", *(f"{figures['eager'][str(c)]['us'][idiom][1]:.1f}" for c in SIZES)
        )
    rows = [
        ("eager, fastest idiom / keystream", "eager", "fastest_idiom_over_keystream", "{:.2f}x"),
        ("eager, a key", "eager", "us_a_key", "{:.2f}"),
        ("added in the step", "in_step", "added_us", "{:.1f}"),
        ("share of a 5 ms step", "in_step", "share_of_a_5_ms_step", "{:.2%}"),
        ("host, streams and step as arguments", "in_step", "host_us", "{:.1f}"),
    ]
    for title, part, field, form in rows:
        table.add_row(title, *(form.format(figures[part][str(c)][field][1]) for c in SIZES))
    console.print(table)


def draw(figures: dict[str, Any]) -> None:
    """The eager figures as a picture: results/keys.svg."""
    import matplotlib as mpl  # noqa: PLC0415 - only the picture needs it

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "keystream"
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
    colours = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#7F7F7F"]
    for idiom, colour in zip(figures["eager"]["1"]["us"], colours, strict=True):
        low, middle, high = zip(
            *(figures["eager"][str(c)]["us"][idiom] for c in SIZES), strict=True
        )
        axes.fill_between(SIZES, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(
            SIZES, middle, "o-", color=colour, label=idiom, lw=2 if idiom == "keystream" else 1
        )
    axes.set(xscale="log", yscale="log", xlabel="streams", ylabel="microseconds a step, eager")
    axes.set_xticks(SIZES, [str(count) for count in SIZES])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(RESULTS / "keys.svg", metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=31, help="figures of each (default 31)")
    parser.add_argument("--no-save", action="store_true", help="print only")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {"rounds": arguments.rounds, "eager": {}, "in_step": {}}
    for count in SIZES:
        figures["eager"][str(count)] = eager(count, arguments.rounds)
        figures["in_step"][str(count)] = in_step(count, arguments.rounds)
    report(figures, Console())
    hosts = [figures["in_step"][str(count)]["host_us"][1] for count in SIZES]
    figures["host_64_over_1"] = float(f"{hosts[-1] / hosts[0]:.4g}")
    print(f"host time, S = 64 over S = 1: {figures['host_64_over_1']:.2f}x")
    if not arguments.no_save:
        draw(figures)
        print(f"saved {save('keys', figures).relative_to(RESULTS.parent.parent)}")


if __name__ == "__main__":
    main()
