"""The file that an option such as ``--output`` names, refused before the work if it can't be written."""

from __future__ import annotations

from pathlib import Path

from keystream._cli.output import show
from keystream._cli.usage import UsageError
from keystream._whole_file import refusal, replacing


class Output:
    """Where a command's text goes: the file of ``--output``, or the terminal.

    Args:
        name: of the file; None for the terminal.
        option: that names it.

    Raises:
        UsageError: the file can't be written, as far as that can be known before the work.
    """

    def __init__(self, name: str | None, option: str = "--output") -> None:
        self.name, self._option = name, option
        reason = refusal(Path(name)) if name is not None else ""
        if reason:
            raise self._unwritable(reason)

    def put(self, text: str) -> None:
        """Write the text of a report whose verdict is known.

        Raises:
            UsageError: the file can't be written after all; what stood there stands.
        """
        if self.name is None:
            show(text)
            return
        try:
            with replacing(Path(self.name)) as file:
                file.write(text.encode())
        except OSError as error:
            raise self._unwritable(error.strerror or str(error)) from error

    def _unwritable(self, reason: str) -> UsageError:
        return UsageError(
            f"{self._option} {self.name} can't be written: {reason}",
            fix="name a file in a folder that is there and can be written to",
        )
