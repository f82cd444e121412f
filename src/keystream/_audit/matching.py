"""Which sites of two runs are the same place, also where lines moved or the runs lie in two folders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from keystream._audit.saved import SavedSite


def _whole(site: SavedSite) -> tuple[Any, ...]:
    return _drawn(site), tuple((p.path, p.line, p.function, p.text) for p in site.stack)


def _moved(site: SavedSite) -> tuple[Any, ...]:
    return _drawn(site), tuple((p.path, p.function, p.text) for p in site.stack)


def _elsewhere(site: SavedSite) -> tuple[Any, ...]:
    return _drawn(site), tuple((p.file, p.function, p.text) for p in site.stack)


def _called_otherwise(site: SavedSite) -> tuple[Any, ...]:
    return _drawn(site), site.place.file, site.place.function, site.place.text


def _rewritten(site: SavedSite) -> tuple[Any, ...]:
    return site.kind, site.distribution, site.module_path, site.place.file, site.place.function


def _drawn(site: SavedSite) -> tuple[str, ...]:
    return site.kind, site.distribution, site.shape, site.dtype, site.module_path


# From the same line to the same function. What is alike in one of these is paired before the next is
# asked, so that a line which moved onto the number of another one is not taken for it.
LEVELS: tuple[Callable[[SavedSite], tuple[Any, ...]], ...] = (
    _whole,
    _moved,
    _elsewhere,
    _called_otherwise,
    _rewritten,
)


def matched(
    one: Sequence[SavedSite],
    other: Sequence[SavedSite],
    mine: Iterable[int],
    theirs: Iterable[int],
) -> dict[int, int]:
    """The site of the other run for each site of one, as far as there is one.

    Args:
        one: the sites of one run.
        other: the sites of the other.
        mine: ids in `one` to pair, in the order of the program.
        theirs: ids in `other`.
    """
    pairs: dict[int, int] = {}
    left, right = list(mine), list(theirs)
    for level in LEVELS:
        waiting: dict[tuple[Any, ...], list[int]] = {}
        for number in reversed(right):
            waiting.setdefault(level(other[number]), []).append(number)
        for number in left:
            candidates = waiting.get(level(one[number]))
            if candidates:
                pairs[number] = candidates.pop()
        left = [number for number in left if number not in pairs]
        taken = set(pairs.values())
        right = [number for number in right if number not in taken]
    return pairs
