"""The step of each call: as the program said it, else counted at its site."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keystream._audit.store import chunks

Numbers = NDArray[np.int64]


class Steps:
    """Which step each call belongs to, by the calls at which the step changed."""

    def __init__(self) -> None:
        self._calls = array("Q")
        self._steps = array("q")

    def __setitem__(self, call: int, step: int) -> None:
        if not self._steps or self._steps[-1] != step:
            self._calls.append(call)
            self._steps.append(step)

    def copy(self) -> Steps:
        """The steps so far."""
        made = Steps()
        made._calls, made._steps = array("Q", self._calls), array("q", self._steps)
        return made

    def __bool__(self) -> bool:
        return bool(self._steps)

    def __contains__(self, call: int) -> bool:
        return bool(self._calls) and call >= self._calls[0]

    def __getitem__(self, call: int) -> int:
        return self._steps[bisect_right(self._calls, call) - 1]

    @property
    def since(self) -> int | None:
        """The first call whose step the program said; None where it said none."""
        return self._calls[0] if self._calls else None

    def said(self, calls: NDArray[Any], counted: Numbers) -> Numbers:
        """The steps of calls: what was said, else what was counted."""
        if not self._steps:
            return counted
        places = np.searchsorted(np.asarray(self._calls), calls.astype(np.uint64), "right")
        return np.where(places > 0, np.asarray(self._steps)[places - 1], counted)


def ordinals(
    sites: NDArray[Any], calls: NDArray[Any], count: int
) -> Iterator[tuple[slice, Numbers]]:
    """The ordinal of each row's call at its site, from 0, in blocks of rows.

    Args:
        sites: integers ``(n,)``, in the order of the program.
        calls: integers ``(n,)``; the rows of one call at one site follow each other.
        count: how many sites there are.
    """
    latest, last = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    for rows in chunks(len(sites)):
        at, of_call = sites[rows].astype(np.intp), calls[rows].astype(np.int64)
        order = np.argsort(at, kind="stable")
        at, of_call = at[order], of_call[order]
        first = np.r_[True, at[1:] != at[:-1]]
        previous = np.r_[np.int64(-1), of_call[:-1]]
        previous[first] = last[at[first]]
        changes = np.cumsum(of_call != previous)
        starts = np.flatnonzero(first)
        base = (changes[starts] - (of_call != previous)[starts])[np.cumsum(first) - 1]
        numbers = latest[at] + changes - base
        ends = np.r_[starts[1:], len(at)] - 1
        latest[at[ends]], last[at[ends]] = numbers[ends], of_call[ends]
        found = np.empty(len(at), np.int64)
        found[order] = numbers
        yield rows, found
