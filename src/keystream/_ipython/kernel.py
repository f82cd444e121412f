"""What ``keystream audit nb.ipynb`` runs in the kernel of the notebook, before its cells and after."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from keystream._audit.window import Window
from keystream._findings import Report
from keystream._ipython.cells import Notebook
from keystream._ipython.magics import KeystreamMagics
from keystream._report.document import as_saved
from keystream._session.keeper import Keeper
from keystream._session.running import Files, Running
from keystream._session.signals import Stopping
from keystream._whole_file import replacing
from keystream.errors import KeystreamError

_ends: list[contextlib.ExitStack] = []


def begin(shell: Any, path: str, options: dict[str, Any]) -> None:
    """Audit all cells from here.

    Args:
        shell: of the kernel.
        path: of the file that has the report so far, and the whole one in the end; also of a kernel
            that is stopped or dies.
        options: what the command has to say: *program* and *arguments*, *numbers* of the cells, *record*
            and *after*, *include_libraries*, and the *window* of the run.
    """
    program: str = options["program"]
    sys.argv = [program, *options["arguments"]]
    magics = KeystreamMagics(shell, Notebook(program, tuple(options["numbers"])))
    end = contextlib.ExitStack()
    end.callback(magics.close)
    files = Files.of(options["record"], options["after"])
    window = Window(**options["window"])
    running = magics.begin(program, files, window, include_libraries=options["include_libraries"])
    running.on_look = running.on_report = lambda report: _leave(path, report)
    stopping = Stopping(running.stop)
    keeper = end.enter_context(Keeper(running, hear=stopping.hear))
    end.enter_context(stopping.installed(keeper))
    end.callback(_finished, magics, path)
    look = _Looks(running)
    shell.events.register("post_run_cell", look)
    end.callback(shell.events.unregister, "post_run_cell", look)
    _ends.append(end)


class _Looks:
    """Looks at an audit after a cell, so that a kernel that dies leaves what the cells before it did.

    The time that this takes stays below a tenth of the time of the notebook.
    """

    def __init__(self, running: Running) -> None:
        self._running, self._spent, self._since = running, 0.0, time.monotonic()

    def __call__(self, result: object = None) -> None:
        """A cell has been run."""
        now = time.monotonic()
        if self._running.opening.gate.step is None or self._spent > 0.1 * (now - self._since):
            return
        self._running.look()
        self._spent += time.monotonic() - now


def finish() -> None:
    """End the audit, and leave its report in the file."""
    _ends.pop().close()


def _finished(magics: KeystreamMagics, path: str) -> None:
    try:
        magics.end()
    except KeystreamError as error:  # the report is there, and the record could not be saved
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        _write(path, {**document, "failure": str(error)})


def _leave(path: str, report: Report) -> None:
    _write(path, {"report": as_saved(report), "failure": ""})


def _write(path: str, document: dict[str, Any]) -> None:
    with replacing(Path(path)) as file:
        file.write(json.dumps(document, default=str).encode())
