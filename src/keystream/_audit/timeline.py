"""How many draws each stream made over the steps of a run, in bins that a picture can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from keystream._audit.recording import Recording

BINS = 200
# A repetition in these is the same draw made again, and meant.
_NOT_AGAIN = frozenset({"remat", "backward", "clone", "initialising"})


def timeline(recording: Recording) -> list[dict[str, Any]]:
    """One row a stream, as `keystream._findings.Report` describes it.

    A step is what the program said with `keystream.step`; else the ordinal of the call at its site, so
    that a run of many steps and one of a single draw both begin at 0.
    """
    if not len(recording.keys):
        return []
    sites = recording.sites
    drawn = np.array([site.kind == "draw" for site in sites], bool)[recording.key_sites]
    keys, at, calls = recording.keys[drawn], recording.key_sites[drawn], recording.key_calls[drawn]
    if not len(keys):
        return []
    meant = np.array([bool(site.flags & _NOT_AGAIN) for site in sites], bool)[at]
    again = _drawn_before(keys, calls, meant)
    steps = _steps(recording, at, calls)
    names = np.array([site.stream for site in sites], object)[at]
    return [
        _row(str(name), steps[names == name], again[names == name])
        for name in sorted(set(names.tolist()))
    ]


def _drawn_before(keys: NDArray[Any], calls: NDArray[Any], meant: NDArray[Any]) -> NDArray[Any]:
    """Whether the same key was drawn from at an earlier call."""
    order = np.lexsort((np.arange(len(keys)), keys))
    same = keys[order][1:] == keys[order][:-1]
    starts = np.concatenate([[True], ~same])
    first_calls = calls[order][np.maximum.accumulate(np.where(starts, np.arange(len(keys)), 0))]
    again = np.zeros(len(keys), bool)
    again[order] = first_calls < calls[order]
    return again & ~meant


def _steps(recording: Recording, at: NDArray[Any], calls: NDArray[Any]) -> NDArray[Any]:
    """The step of each draw: declared, or the ordinal of its call at its site."""
    order = np.lexsort((calls, at))
    new_site = np.concatenate([[True], at[order][1:] != at[order][:-1]])
    new_call = new_site | np.concatenate([[True], calls[order][1:] != calls[order][:-1]])
    ordinal = np.cumsum(new_call) - 1
    base = np.maximum.accumulate(np.where(new_site, ordinal, 0))
    steps = np.zeros(len(at), np.int64)
    steps[order] = ordinal - base
    if recording.steps:
        declared = recording.steps
        steps = np.array(
            [declared.get(int(call), int(step)) for call, step in zip(calls, steps, strict=True)]
        )
    return steps


def _row(stream: str, steps: NDArray[Any], again: NDArray[Any]) -> dict[str, Any]:
    first, last = int(steps.min()), int(steps.max())
    bins = min(BINS, last - first + 1)
    place = (steps - first) * bins // (last - first + 1)
    return {
        "stream": stream,
        "first": first,
        "last": last,
        "draws": np.bincount(place, minlength=bins).tolist(),
        "repeated": np.bincount(place[again], minlength=bins).tolist(),
    }
