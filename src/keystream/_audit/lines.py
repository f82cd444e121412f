"""The lines of the program that run: what source shows counts only where it was reached.

Python 3.12 and later say for next to nothing which code runs: each line of the user's is told once, each
function of a library once, and never again.
"""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import Any
from weakref import WeakSet

from keystream._audit import frames

_TOOLS = (
    4,
    3,
)  # the numbers that Python leaves to whoever comes; debuggers and coverage have others
_NAME = "keystream"
_told: WeakSet[CodeType] = WeakSet()  # the user's code that any audit of this process was told of


class Lines:
    """Notes the lines of the user's that run, from `start` to `close`.

    Attributes:
        ran: by file, the numbers of the lines that ran; None where Python can't tell.
    """

    def __init__(self) -> None:
        self.ran: dict[str, set[int]] | None = None
        self._tool: int | None = None
        self._followed: set[CodeType] = set()

    def start(self, frame: FrameType | None = None) -> None:
        """Begin; a function that runs already is followed from here on.

        Args:
            frame: the innermost of those that run.
        """
        monitoring: Any = getattr(sys, "monitoring", None)
        free = [each for each in _TOOLS if monitoring and monitoring.get_tool(each) is None]
        if not free:
            return
        self._tool, self.ran = free[0], {}
        monitoring.use_tool_id(self._tool, _NAME)
        events = monitoring.events
        monitoring.register_callback(self._tool, events.PY_START, self._entered)
        monitoring.register_callback(self._tool, events.LINE, self._reached)
        monitoring.set_events(self._tool, events.PY_START)
        for code in tuple(_told):  # Python does not tell again of what an earlier audit was told of
            self._entered(code, 0)
        while frame is not None:
            self._entered(frame.f_code, 0)
            frame = frame.f_back

    def _entered(self, code: CodeType, offset: int) -> Any:
        del offset
        monitoring: Any = sys.monitoring  # pyright: ignore[reportAttributeAccessIssue]
        if self._tool is not None and frames.is_user(code.co_filename):
            monitoring.set_local_events(self._tool, code, monitoring.events.LINE)
            self._followed.add(code)
            _told.add(code)
        return monitoring.DISABLE

    def _reached(self, code: CodeType, line: int) -> Any:
        if self.ran is not None:
            self.ran.setdefault(code.co_filename, set()).add(line)
        return sys.monitoring.DISABLE  # pyright: ignore[reportAttributeAccessIssue]

    def close(self) -> None:
        """Stop; Python runs as fast as before."""
        if self._tool is None:
            return
        monitoring: Any = sys.monitoring  # pyright: ignore[reportAttributeAccessIssue]
        monitoring.set_events(self._tool, 0)
        for code in self._followed:
            monitoring.set_local_events(self._tool, code, 0)
        self._followed.clear()
        monitoring.free_tool_id(self._tool)
        self._tool = None
