"""Where the report of an audit goes: a file, or the output that the program has too."""

from __future__ import annotations

import contextlib
import os
import sys
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from keystream._cli.output import reader_may_leave, writable
from keystream._extras import require
from keystream._findings import Report
from keystream._whole_file import refusal, replacing
from keystream.errors import KeystreamError, RecordNotSavedError


class Delivery:
    """Writes the report of an audit once, whole or not at all, and says where it is.

    Args:
        form: the format of the report.
        output: the file for it; None for standard output.
        record: the file of the record, whose place is told too.
        show_excused: whether the report tells what was excused too.

    Attributes:
        failures: what could not be written.

    Raises:
        RecordNotSavedError: KS013, the file can't be written.
        MissingExtraError: KS007, a page is asked for and Jinja2 is not installed.
    """

    def __init__(
        self, form: str, output: str | None, record: str | None, *, show_excused: bool = False
    ) -> None:
        self.failures: list[str] = []
        self._form, self._show_excused = form, show_excused
        self._output = Path(os.path.abspath(output)) if output is not None else None  # noqa: PTH100
        self._record = os.path.abspath(record) if record is not None else None  # noqa: PTH100
        self._stdout = sys.stdout
        self._here = os.getcwd()  # noqa: PTH109 (links stay as the user typed them)
        self._report: Report | None = None
        self._told = self._done = False
        if form == "html":
            require("jinja2", purpose="the HTML report")
        reason = refusal(self._output) if self._output is not None else ""
        if reason:
            raise RecordNotSavedError(
                f"the report {self._output} can't be written: {reason}",
                why="the program would run, and what it shows be lost",
                fix="name a file in a directory that can be written to: --output report.txt",
            )

    def program_output(self) -> AbstractContextManager[object]:
        """Where the program prints: beside a report for machines on standard output, to the errors."""
        if self._form != "text" and self._output is None:
            return contextlib.redirect_stdout(sys.stderr)
        return contextlib.nullcontext()

    def hold(self, report: Report) -> None:
        """Keep the report for the end."""
        self._report = replace(report, shows_excused=self._show_excused)

    def deliver(self, report: Report) -> None:
        """Write the report now."""
        self._report = replace(report, shows_excused=self._show_excused)
        self._write(self._report)

    def record_in(self, path: Path) -> None:
        """The record was saved there; its name may hold the number of the process."""
        self._record = str(path)

    def failed(self, error: KeystreamError) -> None:
        """Tell, after the report, what could not be done."""
        self.failures.append(str(error))

    def finish(self) -> None:
        """Write what was held, and tell where things are."""
        if self._report is not None and not self._done:
            self._write(self._report)
        if self._told:
            return
        self._told = True
        if self._record is not None and not self.failures:
            _tell(f"the record is in {self._near(self._record)}")
        for failure in self.failures:
            _tell(failure)

    def _near(self, path: Path | str) -> str:
        """A path as it is named from where the command was given."""
        inside = os.path.commonpath([self._here, str(path)]) == self._here
        return os.path.relpath(path, self._here) if inside else str(path)

    def _write(self, report: Report) -> None:
        self._done = True
        try:
            if self._output is not None:
                path = self._place(report, self._output)
                self._write_file(report, path)
                _tell(f"the report is in {self._near(path)}")
            else:
                self._print(report, self._stdout)
        except (OSError, KeystreamError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or str(error)
            place = f"the report {self._output}" if self._output is not None else "the report"
            self.failures.append(f"{place} can't be written: {reason}; it stands above instead")
            with contextlib.suppress(OSError):
                self._print(report, sys.stderr, "text")

    def _place(self, report: Report, path: Path) -> Path:
        process = report.summary.get("process", (0, 1))[0]
        return Path(str(path).replace("{process}", str(process)))

    def _write_file(self, report: Report, path: Path) -> None:
        from keystream._report import render

        text = render(report, self._form)
        with replacing(path) as file:
            file.write(text.encode())

    def _print(self, report: Report, stream: TextIO, form: str = "") -> None:
        from keystream._report import render, text

        form = form or self._form
        with reader_may_leave(), writable(stream):
            if form == "text":
                text.write(report, stream)
            else:
                stream.write(render(report, form))
            stream.flush()


def _tell(words: str) -> None:
    with writable(sys.stderr):
        print(f"keystream audit: {words}", file=sys.stderr, flush=True)
