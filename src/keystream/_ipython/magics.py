"""``%%audit``, ``%audit`` and ``%lint``."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class
from IPython.display import display

from keystream._audit.window import Window
from keystream._findings import Report
from keystream._ipython.cells import Cells, Notebook
from keystream._session import audited
from keystream._session.running import Files, Running

_USAGE = "%audit on, %audit off or %audit report; %%audit above a cell audits that cell"
_NO_WORDS = (
    "%%audit {0}: the command takes no words; %%audit alone audits the cell below it, and %audit on, "
    "with one sign, all cells from the next one. A part of a run is audited by "
    "`with keystream.audit(steps=2) as audit:`"
)


@magics_class
class KeystreamMagics(Magics):
    """The commands of keystream in IPython.

    Args:
        shell: IPython's.
        notebook: the file whose cells it runs, where that is known.
    """

    def __init__(self, shell: Any, notebook: Notebook | None = None) -> None:
        super().__init__(shell)
        self._cells = Cells(shell, notebook)
        self._audit: contextlib.ExitStack | None = None
        self._running: Running | None = None

    def close(self) -> None:
        """End what is running."""
        self.end()
        self._cells.close()

    @line_cell_magic
    def audit(self, line: str, cell: str | None = None) -> None:
        """Find the randomness mistakes of cells while they run.

        ``%%audit`` above a cell runs the cell and shows its report. ``%audit on`` audits all cells from
        the next one, ``%audit report`` shows what was found so far, ``%audit off`` ends the audit and
        shows its report.
        """
        word = line.strip()
        if cell is not None:
            if word:
                raise UsageError(_NO_WORDS.format(word))
            self._audit_cell(cell)
            return
        if word == "on":
            if self._running is not None:
                raise UsageError(
                    "%audit on: the audit is on already; %audit report shows its findings"
                )
            self.begin("notebook", Files(), Window())
            print("keystream audit: on from the next cell; %audit report, %audit off")
        elif word in ("off", "report"):
            if self._running is None:
                raise UsageError("no audit is on; %audit on begins one")
            report = self.end() if word == "off" else self._running.look()
            if report is not None:
                display(report)
        else:
            raise UsageError(_USAGE)

    def begin(
        self, program: str, files: Files, window: Window, *, include_libraries: bool = False
    ) -> Running:
        """Audit the cells from here."""
        self._audit = contextlib.ExitStack()
        self._running = self._audit.enter_context(
            audited(program, files, window, include_libraries)
        )
        return self._running

    def end(self) -> Report | None:
        """End the audit; its report names cells. None where there was none."""
        if self._audit is None or self._running is None:
            return None
        running, audit = self._running, self._audit
        self._running = self._audit = None
        audit.close()
        return running.audit.report

    def _audit_cell(self, cell: str) -> None:
        assert self.shell is not None  # magics are of a shell
        with audited("cell", Files(), Window(), False) as running:
            result = self.shell.run_cell(cell, store_history=False)
            error = result.error_before_exec or result.error_in_exec
            running.opening.recording.error = error
        if running.audit.report is not None:
            display(running.audit.report)

    @line_magic
    def lint(self, line: str) -> None:
        """Find the randomness mistakes that the source of the cells shows, without running them.

        ``%lint`` reads the cells that were run, each as it was run last; ``%lint nb.ipynb src/`` reads
        files and folders.
        """
        from keystream._linter.config import Config  # noqa: PLC0415
        from keystream._linter.engine import check  # noqa: PLC0415

        missing = [path for path in line.split() if not Path(path).exists()]
        if missing:
            raise UsageError(f"%lint: there is no {missing[0]!r}")
        if line.strip():
            display(check(line.split(), Config(), jobs=1))
            return
        from keystream._linter.cells import check_cells  # noqa: PLC0415

        cells = [(cell.number, cell.source) for cell in self._cells.run()]
        display(self._cells.named(check_cells(cells, Config())))
