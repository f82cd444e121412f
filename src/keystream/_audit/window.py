"""Which part of a run is audited: from a step, for some steps or time, until something is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["before", "inside", "after"]


@dataclass(frozen=True)
class Window:
    """The part of a run that is audited; the whole run where nothing is set.

    Attributes:
        from_step: the first step that is recorded; None for the beginning of the program.
        steps: how many steps are recorded; None for all.
        seconds: how long the audit lasts from the start of the program; None for no limit.
        until_finding: whether it ends with the first error or warning.
    """

    from_step: int | None = None
    steps: int | None = None
    seconds: float | None = None
    until_finding: bool = False


class Gate:
    """Counts the steps of a program, and says what lies in the window.

    A step is what the program says with ``keystream.step``. Where it says nothing, the compiled
    function with draws that was called most often from one place counts, each call a step; where no
    compiled function draws, the line that drew most often.

    Args:
        window: what is recorded.
        leave: called once, when the step after the last begins; nothing is recorded from then on.
    """

    def __init__(self, window: Window, leave: Callable[[], None]) -> None:
        self._window, self._leave = window, leave
        self._stage: Stage = "inside" if window.from_step is None else "before"
        self._calls: dict[object, int] = {}
        self._draws: dict[object, int] = {}
        self._first_said: int | None = None
        self.step: int | None = None

    @property
    def stage(self) -> Stage:
        """Where the program is now."""
        return self._stage

    def say(self, step: int) -> None:
        """The program says that a step begins."""
        if self._first_said is None:
            self._first_said = step
        self._at(step)

    def call(self, name: object) -> bool:
        """A compiled function with draws is called from a place; whether the call is recorded."""
        if not self._calls and self._first_said is None:
            self.step = None  # what lines drew before, such as initial values, were no steps
        self._count(self._calls, name)
        return self._stage == "inside"

    def draw(self, name: object) -> bool:
        """A line draws by itself; whether that is recorded."""
        if not self._calls:
            self._count(self._draws, name)
        return self._stage == "inside"

    def close(self) -> None:
        """Record nothing more."""
        self._stage = "after"

    def _count(self, counts: dict[object, int], name: object) -> None:
        step = counts[name] = counts.get(name, -1) + 1
        if self._first_said is None and (self.step is None or step > self.step):
            self._at(step)

    def _at(self, step: int) -> None:
        self.step = step
        first = self._window.from_step
        if self._stage == "before" and first is not None and step >= first:
            self._stage = "inside"
        begin = self._first_said or 0 if first is None else first
        steps = self._window.steps
        if self._stage == "inside" and steps is not None and step >= begin + steps:
            self._stage = "after"
            self._leave()
