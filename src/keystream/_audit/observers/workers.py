"""Processes that the program starts from Python: they are counted, and their generators are observed.

What they draw from keys is not seen.
"""

from __future__ import annotations

import functools
import multiprocessing.process
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from keystream._audit import frames
from keystream._audit.observers import replace
from keystream._audit.observers.sent import Observed

_REASON = "a process that the program started from Python is not audited"


def install(recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Count workers until the audit ends.

    Pools of `concurrent.futures` and the loaders of Grain and PyTorch stand on `multiprocessing`.
    """
    process = multiprocessing.process.BaseProcess
    replace(process, "start", _started(recorder, process.start), undo)
    replace(subprocess.Popen, "__init__", _opened(recorder, subprocess.Popen.__init__), undo)


def _started(recorder: Any, start: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(start)
    def observed(self: Any) -> Any:
        recorder.unseen_call(_REASON)
        target = getattr(self, "_target", None)
        if target is not None:
            started = frames.stack_key(frames.here())
            self._target = Observed(target, recorder.letters.folder, started)
        return start(self)

    return observed


def _opened(recorder: Any, init: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(init)
    def observed(self: Any, args: Any, *rest: Any, **options: Any) -> Any:
        program = args if isinstance(args, str | bytes | os.PathLike) else next(iter(args), "")
        mine = os.path.realpath(sys.executable)
        if os.path.realpath(os.fsdecode(program)) == mine:
            recorder.unseen_call(_REASON)
        return init(self, args, *rest, **options)

    return observed
