"""How many draws each stream made over the steps of a run, in bins that a picture can hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keystream._audit.again import drawn_again, of_sites
from keystream._audit.recording import Recording
from keystream._audit.steps import ordinals

BINS = 200
# A repetition in these is the same draw made again, and meant.
_NOT_AGAIN = frozenset({"remat", "backward", "clone", "initialising"})


def timeline(recording: Recording) -> list[dict[str, Any]]:
    """One row a stream, as `keystream._findings.Report` describes it.

    A step is what the program said with `keystream.step`; else the ordinal of the call at its site, so
    that a run of many steps and one of a single draw both begin at 0.
    """
    sites, ran = recording.sites, recording.ran
    names = sorted({s.stream for n, s in enumerate(sites) if s.kind == "draw" and n in ran})
    number = {name: place for place, name in enumerate(names)}
    stream = np.array(
        [number[s.stream] if s.kind == "draw" and n in ran else -1 for n, s in enumerate(sites)],
        np.int64,
    )
    first = np.full(len(names), np.iinfo(np.int64).max)
    last = np.full(len(names), np.iinfo(np.int64).min)
    for rows, steps in steps_of(recording):
        of, drawn = _drawn(recording, stream, rows)
        np.minimum.at(first, of, steps[drawn])
        np.maximum.at(last, of, steps[drawn])
    bins = np.minimum(BINS, last - first + 1)
    draws, again = (np.zeros((len(names), BINS), np.int64) for _ in range(2))
    before = _drawn_before(recording)
    for rows, steps in steps_of(recording):
        of, drawn = _drawn(recording, stream, rows)
        place = (steps[drawn] - first[of]) * bins[of] // (last - first + 1)[of]
        np.add.at(draws, (of, place), 1)
        repeated = before[rows][drawn]
        np.add.at(again, (of[repeated], place[repeated]), 1)
    return [
        {
            "stream": name,
            "first": int(first[n]),
            "last": int(last[n]),
            "draws": draws[n, : bins[n]].tolist(),
            "repeated": again[n, : bins[n]].tolist(),
        }
        for n, name in enumerate(names)
    ]


def steps_of(recording: Recording) -> Iterator[tuple[slice, NDArray[np.int64]]]:
    """The step of each use of a key, in blocks of rows: declared, or the ordinal of its call."""
    calls = recording.key_calls
    for rows, counted in ordinals(recording.key_sites, calls, len(recording.sites)):
        yield rows, recording.steps.said(calls[rows], counted)


def _drawn(
    recording: Recording, stream: NDArray[np.int64], rows: slice
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The streams of the draws among some rows, and which of the rows are draws."""
    of = stream[recording.key_sites[rows]]
    drawn = of >= 0
    return of[drawn], drawn


def _drawn_before(recording: Recording) -> NDArray[np.bool_]:
    """Whether the same key was drawn from at an earlier call, by row."""
    before = np.zeros(len(recording.keys), bool)
    rows = drawn_again(recording).rows
    if not len(rows):
        return before
    keys, calls = recording.keys[rows], recording.key_calls[rows]
    starts = np.r_[True, keys[1:] != keys[:-1]]
    first = calls[starts][np.cumsum(starts) - 1]
    meant = of_sites(recording, lambda site: site.flags & _NOT_AGAIN)[recording.key_sites[rows]]
    before[rows] = (first < calls) & ~meant
    return before
