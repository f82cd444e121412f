"""Where generators of NumPy and Python begin at a seed, and where each is drawn from first.

Two that begin in one state give the same numbers: their first draws prove it, and no later one is
needed. What is made and never drawn from repeats nothing. Loads no JAX: worker processes run it too.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from keystream._audit import frames
from keystream._evidence.uses import FORK, HOST, Site
from keystream._findings import Location

MOST = 1 << 16  # beginnings that are kept: a data set may make a generator for each of its rows


@dataclass(frozen=True, slots=True)
class Beginning:
    """A generator that was set to a seed.

    Attributes:
        maker: the function that did it, such as ``numpy.random.default_rng``.
        state: of the generator then, as a 64-bit number.
        key: the running stack.
    """

    maker: str
    state: int
    key: frames.Key


@dataclass(frozen=True, slots=True)
class Begun:
    """A generator that began at a seed, and its first draw.

    Attributes:
        made: where it began.
        drawn: where it was drawn from first.
        state: as a 64-bit number, equal for equal numbers to come.
        step: that the program gave; None where it gave none.
    """

    made: Site
    drawn: Site
    state: int
    step: int | None = None


class Rows(Protocol):
    """Takes what is seen."""

    def __len__(self) -> int: ...

    def append(self, row: Begun, /) -> None:
        """Keep a row."""
        ...


class Beginnings:
    """Notes beginnings.

    Args:
        rows: get what is seen.
        wanted: whether this part of the run is audited.
        step: the program's own number of its step.

    Attributes:
        forks: how many forks lead to this process, from that which is audited.
    """

    def __init__(
        self, rows: Rows, wanted: Callable[[], bool], step: Callable[[], int | None]
    ) -> None:
        self._rows, self._wanted, self._step = rows, wanted, step
        self.forks = 0
        self._started: frames.Key = ()

    def begins(self, maker: str, state: int) -> Beginning | None:
        """A generator begins at a seed; None where no line of the user's says so."""
        if len(self._rows) >= MOST or not self._wanted():
            return None
        key = frames.stack_key(frames.here(1))
        user, library = _places(key)
        by_user = bool(user) and all(place.path.endswith(_OF_PYTHON) for place in library)
        return Beginning(maker, state, key) if by_user else None

    def forked(self, rows: Rows, started: frames.Key) -> None:
        """This process is a fork, and goes on with the generators that the other has too.

        Args:
            rows: get what is seen from now on.
            started: the stack of the line that started the process.
        """
        self._rows, self._started = rows, started
        self.forks += 1

    def inherited(self, name: str, state: int) -> Beginning | None:
        """The beginning of a generator that a fork found begun."""
        by_user = bool(self._started) and bool(_places(self._started)[0])
        return Beginning(f"{FORK}{name}", state, self._started) if by_user else None

    def drawn(self, beginning: Beginning, method: str, given: tuple[Any, ...]) -> None:
        """A generator is drawn from for the first time since it began."""
        if not self._wanted():
            return
        key = frames.stack_key(frames.here(1))
        made = _site("seed", beginning.maker, (), beginning.key)
        drawn = _site("draw", method, _size(given) if method in _SHUFFLES else (), key)
        self._rows.append(Begun(made, drawn, beginning.state, self._step()))


_OF_PYTHON = "/random.py"  # whose methods call each other


_SHUFFLES = frozenset({"shuffle", "permutation", "permuted"})


def _size(given: tuple[Any, ...]) -> tuple[int, ...]:
    """How many rows the first argument has: arrays of one length are shuffled alike."""
    first = given[0] if given else None
    return (len(first),) if isinstance(first, Sized) and not isinstance(first, str) else ()


@lru_cache(maxsize=4096)
def _places(key: frames.Key) -> tuple[tuple[Location, ...], tuple[Location, ...]]:
    return frames.locations(key)


@lru_cache(maxsize=4096)
def _site(kind: str, function: str, shape: tuple[int, ...], key: frames.Key) -> Site:
    user, library = _places(key)
    return Site(
        kind=kind,
        distribution=function,
        shape=shape,
        frames=user,
        library=library,
        trail=frames.trail(key),
        flags=frozenset({HOST}),
    )
