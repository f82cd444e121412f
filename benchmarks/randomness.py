"""What keys and reduced-bit masks look like to dieharder's statistical tests.

    python benchmarks/randomness.py dieharder --minutes 60   # adds to results/randomness.json
    python benchmarks/randomness.py stream keys | dieharder -a -g 200      # all of it, for days

Four sources of bytes, none of which repeats, each made by the public functions alone:

- *keys*: the words of ``streams.rngs(step, microbatch=m)``, interleaved: four streams, then eight
  microbatches, then the steps from 0. The counters of steps that follow differ in a few bits.
- *families*: each key of ``streams.keys(name, step, 32)`` of two streams, and after it three children
  that ``jax.random.fold_in`` makes of it, as a module's path does.
- *masks at 0.1* and *masks at 1/3*: which elements ``dropout(..., lane_bits=8)`` keeps of arrays with
  rows of 1001, whose last block is cut short, at consecutive steps. Such a mask is no stream of fair
  bits. So an element becomes a byte that is uniform if the mask is what it should be: a kept one is
  spread over [0, keep) and a dropped one over [keep, 1) by NumPy's SFC64 (randomised quantile residuals:
  Dunn and Smyth, Journal of Computational and Graphical Statistics 5, 1996). Most of the bits are
  SFC64's then: what is seen of a mask is what it does to the highest bit or two of each byte.

*dieharder* gives each test of ``dieharder -a`` its part of a source, one test of all sources after the
other, until the minutes are over; a test which is begun is ended. p-values that it calls WEAK (one in a
hundred of good ones are) or FAILED are tested once more, on the stream under the next seed. Tests
that dieharder's author says not to use or suspects are taken last, and marked. Called again it takes the
tests that are not in the results yet, on streams under a new seed.

What a mask's elements have to do with each other is tested more closely in tests/draws/test_lanes.py, by
the frequencies of all patterns of a block.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

import jax
import jax.numpy as jnp
import numpy as np
from measure import RESULTS, save

import keystream as ks

MICROBATCHES, BATCH, CHILDREN = 8, 32, 3
ROWS, COLUMNS = 64, 1001  # 1001: the last block of a row is cut short
STEPS_A_CHUNK = {"keys": 2**15, "families": 2**12, "masks": 2**6}

Source = Callable[[int], Iterator[np.ndarray]]  # of a seed


def key_words(seed: int) -> Iterator[np.ndarray]:
    """uint32[steps, microbatches, streams, 2] of consecutive steps."""
    streams = ks.Streams(seed, "abc", "abd", "abe", "abf", coordinates={"microbatch": MICROBATCHES})

    def of_a_step(step: jax.Array) -> jax.Array:
        def of_a_microbatch(place: jax.Array) -> jax.Array:
            keys = streams.rngs(step, microbatch=place)
            return jnp.stack([jax.random.key_data(key) for key in keys.values()])

        return jax.vmap(of_a_microbatch)(jnp.arange(MICROBATCHES))

    return _chunks(of_a_step, STEPS_A_CHUNK["keys"])


def family_words(seed: int) -> Iterator[np.ndarray]:
    """uint32[steps, batch, streams, 1 + children, 2]: a key and then its children."""
    streams = ks.Streams(seed, "noise", "sample")

    def of_a_key(key: jax.Array) -> jax.Array:
        children = jax.vmap(lambda place: jax.random.fold_in(key, place))(jnp.arange(CHILDREN))
        words = jax.random.key_data(key), jax.random.key_data(children)
        return jnp.concatenate([words[0][None], words[1]])

    def of_a_step(step: jax.Array) -> jax.Array:
        keys = [streams.keys(name, step, BATCH) for name in streams.names]
        return jnp.stack([jax.vmap(of_a_key)(batch) for batch in keys], axis=1)

    return _chunks(of_a_step, STEPS_A_CHUNK["families"])


def masks(rate: float, seed: int) -> Iterator[np.ndarray]:
    """bool[steps, rows, columns]: which elements are kept at consecutive steps."""
    streams = ks.Streams(seed, "dropout")
    ones = jnp.ones((ROWS, COLUMNS))

    def of_a_step(step: jax.Array) -> jax.Array:
        return ks.dropout(streams.key("dropout", step), ones, rate, lane_bits=8) != 0

    return _chunks(of_a_step, STEPS_A_CHUNK["masks"])


def mask_bytes(rate: float) -> Source:
    """Bytes that are uniform where the mask's elements are independent and dropped at the rate."""

    @jax.jit
    def spread(kept: jax.Array, words: jax.Array) -> jax.Array:
        uniform = (words >> 8) * np.float32(2.0**-24)
        place = jnp.where(kept, uniform * (1 - rate), (1 - rate) + uniform * rate)
        return jnp.minimum(place * 256, 255).astype(jnp.uint8)  # the sum may be rounded up to 1

    def source(seed: int) -> Iterator[np.ndarray]:
        generator = np.random.Generator(np.random.SFC64(seed))
        for kept in masks(rate, seed):
            words = generator.integers(0, 2**32, kept.shape, np.uint32)
            yield np.asarray(spread(kept, words))

    return source


def _chunks(of_a_step: Callable[[jax.Array], jax.Array], size: int) -> Iterator[np.ndarray]:
    many = jax.jit(lambda first: jax.vmap(of_a_step)(first + jnp.arange(size, dtype=jnp.uint32)))
    for first in range(0, 2**32 - size, size):
        yield np.asarray(many(np.uint32(first)))


SOURCES: dict[str, Source] = {
    "keys": key_words,
    "families": family_words,
    "masks at 0.1": mask_bytes(0.1),
    "masks at 1/3": mask_bytes(1 / 3),
}


@dataclass(frozen=True)
class Test:
    """A test of dieharder's: its number and its parameter n-tuple; `doubted` by dieharder's author."""

    number: int
    ntuple: int = 0
    doubted: bool = False

    @property
    def command(self) -> list[str]:
        """The command line that reads raw words from its standard input."""
        own = ["-d", str(self.number), "-n", str(self.ntuple)]
        return ["nice", "-n", "19", "dieharder", "-g", "200", *own]


def tests_of_dieharder() -> list[Test]:
    """What ``dieharder -a`` runs, dearer and doubted ones last.

    A lagged sum reads lag + 1 words for one that it takes: the 33 of them read 224 GB, more than all
    other tests together ten times.
    """
    cheap = [
        Test(number) for number in (0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 15, 16, 100, 101, 102)
    ]
    bits = [Test(200, width) for width in range(1, 13)]
    distances = [Test(201, dimension) for dimension in range(2, 6)]
    permutations = [Test(202, length) for length in range(2, 6)]
    later = [Test(204), Test(205), Test(206), Test(207), Test(208, 0), Test(208, 1), Test(209)]
    doubted = [Test(number, doubted=True) for number in (5, 6, 7, 14)]
    lags = [Test(203, lag) for lag in range(33)]
    few, many = [*cheap, *permutations, *bits, *distances, *later, *lags[:4]], lags[4:]
    return [*few, *doubted, Test(17), *many]  # 17 reads 8 GB


class Feed:
    """The bytes of a source, read on by one test after the other, and counted."""

    def __init__(self, source: Source, seed: int) -> None:
        self._slices = _slices(source(seed))

    def run(self, command: list[str]) -> tuple[str, int]:
        """What a command prints, and how many bytes it was given, to a slice."""
        given = 0
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                for part in self._slices:
                    _write_whole(process.stdin, part)
                    given += len(part)
            except BrokenPipeError:
                pass
            return process.stdout.read().decode(), given


def _slices(chunks: Iterator[np.ndarray]) -> Iterator[memoryview]:
    """The bytes of arrays, in slices that are small beside what a test reads."""
    for chunk in chunks:
        whole = memoryview(np.ascontiguousarray(chunk).reshape(-1)).cast("B")
        for start in range(0, len(whole), 2**16):
            yield whole[start : start + 2**16]


def _write_whole(pipe: IO[bytes], part: memoryview) -> None:
    while part:
        part = part[pipe.write(part) :]


def rows_of(printed: str) -> list[dict[str, Any]]:
    """The lines of results in what dieharder prints: name, n-tuple, samples, p-value."""
    cells = [[cell.strip() for cell in line.split("|")] for line in printed.splitlines()]
    return [
        {
            "test": name,
            "ntuple": int(ntuple),
            "samples": int(samples),
            "repeats": int(repeats),
            "p": float(p),
            "says": says,
        }
        for name, ntuple, samples, repeats, p, says in (row for row in cells if len(row) == 6)
        if says in ("PASSED", "WEAK", "FAILED")
    ]


def run_dieharder(minutes: float) -> Iterator[dict[str, Any]]:
    """The results after each further test, until the minutes are over and what was odd is repeated."""
    end = time.monotonic() + minutes * 60
    figures = saved() or {"not_run": 0, "seeds": [], "sources": {}}
    seed = max(figures["seeds"], default=-1) + 1
    figures["seeds"] += [seed, seed + 1]
    feeds = {name: Feed(source, seed) for name, source in SOURCES.items()}
    for name in SOURCES:
        figures["sources"].setdefault(name, {"bytes": 0, "results": [], "repeated": []})
    tests = tests_of_dieharder()
    for test in tests:
        if time.monotonic() > end:
            break
        for name, feed in feeds.items():
            entry = figures["sources"][name]
            if not _has(entry["results"], test):
                _take(entry, "results", feed, test, seed)
                yield figures
    for name, entry in figures["sources"].items():
        feed = Feed(SOURCES[name], seed + 1)
        for row in entry["results"]:
            test = Test(row["number"], row["n"], row["doubted"])
            if row["says"] != "PASSED" and not _has(entry["repeated"], test):
                _take(entry, "repeated", feed, test, seed + 1)
                yield figures


def _has(rows: list[dict[str, Any]], test: Test) -> bool:
    return any((row["number"], row["n"]) == (test.number, test.ntuple) for row in rows)


def _take(entry: dict[str, Any], part: str, feed: Feed, test: Test, seed: int) -> None:
    printed, given = feed.run(test.command)
    entry["bytes"] += given
    own = {"number": test.number, "n": test.ntuple, "doubted": test.doubted}
    own |= {"seed": seed, "bytes": given}
    entry[part] += [own | row for row in rows_of(printed)]


def saved() -> dict[str, Any] | None:
    """The results so far."""
    path = RESULTS / "randomness.json"
    return json.loads(path.read_text())["dieharder"] if path.is_file() else None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("dieharder", "stream"))
    parser.add_argument("source", nargs="?", choices=list(SOURCES), help="of a stream")
    parser.add_argument("--minutes", type=float, default=60, help="of dieharder (default 60)")
    parser.add_argument("--seed", type=int, default=0, help="of a stream (default 0)")
    arguments = parser.parse_args()
    if arguments.what == "stream":
        for part in _slices(SOURCES[arguments.source](arguments.seed)):
            sys.stdout.buffer.write(part)
        return
    for figures in run_dieharder(arguments.minutes):
        every = tests_of_dieharder()
        taken = [
            test
            for test in every
            if all(_has(entry["results"], test) for entry in figures["sources"].values())
        ]
        figures["not_run"] = len(every) - len(taken)
        save("randomness", {"dieharder": figures})
        print(f"{len(taken)} of {len(every)} tests of every source", flush=True)


if __name__ == "__main__":
    main()
