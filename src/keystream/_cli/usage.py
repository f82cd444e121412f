"""What a command can't do anything with: a module that is not there, an argument that can't be read."""

from __future__ import annotations


class UsageError(Exception):
    """A command's words can't be acted on; the command exits with 2.

    Args:
        what: what is wrong, with the word.
        fix: the words to use, to paste.
        why: the reason, where the first line does not say it.
    """

    def __init__(self, what: str, *, fix: str, why: str = "") -> None:
        super().__init__(what)
        self.what, self.fix, self.why = what, fix, why

    def __str__(self) -> str:
        fields = (("why", self.why), ("fix", self.fix))
        lines = [f"  {label + ':':<6} {text}" for label, text in fields if text]
        return "\n".join([self.what, *lines])
