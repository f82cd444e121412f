"""What an editor offers at a finding: its repair, the repair of more, and leaving it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lsprotocol import types

from keystream._findings import Finding
from keystream._language_server.documents import Document
from keystream._language_server.editing import UNSAFE, repaired, repairs_at, title
from keystream._language_server.ignoring import PLACEHOLDER, with_ignore
from keystream._language_server.protocol import Speaker
from keystream._lint.source import Source
from keystream._linter.config import Config

FIX_FILE = "keystream.fixFile"
FIX_ALL = "keystream.fixAll"
SELECT = "keystream.selectReason"
SOURCE_KIND = f"{types.CodeActionKind.SourceFixAll.value}.keystream"


class Offers:
    """What is offered for some lines of a document.

    Args:
        speaker: of the document.
        config: what is wanted in it.
        unsafe: whether repairing a whole file also changes which numbers are drawn.
        edit: makes an edit of the editor's workspace.
    """

    def __init__(
        self,
        speaker: Speaker,
        config: Config,
        *,
        unsafe: bool,
        edit: Callable[[dict[str, list[types.TextEdit]]], types.WorkspaceEdit],
    ) -> None:
        self._speaker = speaker
        self._document: Document = speaker.document
        self._config = config
        self._unsafe = unsafe
        self._edit = edit

    def at(
        self,
        uri: str,
        lines: range,
        findings: Sequence[Finding],
        shown: Sequence[types.Diagnostic],
        *,
        selects: bool,
    ) -> Iterator[types.CodeAction]:
        """Quick fixes: each finding's repair, its comment, and the repair of the file and of all files.

        Args:
            uri: of the text that was asked for.
            lines: of the source.
            findings: of the document.
            shown: the diagnostics that the editor asks about.
            selects: whether the editor can be told what to select.
        """
        kinds: set[bool] = set()
        for repair, after in repairs_at(self._document, self._config, lines):
            edit = self._to(after)
            if edit is None:
                continue
            kinds.add(repair.safe)
            yield types.CodeAction(
                f"{repair.code}: {title(repair, self._document.source)}",
                types.CodeActionKind.QuickFix,
                [item for item in shown if item.code == repair.code],
                is_preferred=repair.safe or None,
                edit=edit,
            )
        for finding in findings:
            line = self._document.line(finding.locations[0])
            if finding.suppressed is None and line in lines and finding.code < "KS9":
                yield from self._ignoring(finding, line, shown, selects=selects)
        for safe in sorted(kinds, reverse=True):
            yield from self._more(uri, unsafe=self._unsafe or not safe)

    def whole_file(self) -> Iterator[types.CodeAction]:
        """The repair of the file, which an editor may run when it saves."""
        _, after = repaired(self._document, self._config, unsafe=self._unsafe)
        edit = self._to(after)
        if edit is not None and after.text != self._document.source.text:
            yield types.CodeAction("keystream: Repair the file", SOURCE_KIND, edit=edit)

    def _ignoring(
        self, finding: Finding, line: int, shown: Sequence[types.Diagnostic], *, selects: bool
    ) -> Iterator[types.CodeAction]:
        after = with_ignore(self._document.source, line, finding.code)
        changes = None if after is None else self._document.changes(after)
        if not changes:
            return
        edits = self._speaker.edits(changes)
        yield types.CodeAction(
            f"{finding.code}: Ignore here, with a reason",
            types.CodeActionKind.QuickFix,
            [item for item in shown if item.code == finding.code],
            edit=self._edit(edits),
            command=_select(edits) if selects else None,
        )

    def _more(self, uri: str, *, unsafe: bool) -> Iterator[types.CodeAction]:
        more = UNSAFE if unsafe else ""
        for said, command, arguments in (
            (f"keystream: Repair the file{more}", FIX_FILE, [uri, unsafe]),
            (f"keystream: Repair all files{more}", FIX_ALL, [unsafe]),
        ):
            yield types.CodeAction(
                said,
                types.CodeActionKind.QuickFix,
                command=types.Command(said, command, arguments=arguments),
            )

    def _to(self, after: Source) -> types.WorkspaceEdit | None:
        changes = self._document.changes(after)
        return None if changes is None else self._edit(self._speaker.edits(changes))


def _select(edits: dict[str, list[types.TextEdit]]) -> types.Command | None:
    """Selects the word that stands for the reason, so that the user types over it."""
    ((uri, (edit, *_)),) = edits.items()
    before, found, _ = edit.new_text.rpartition(PLACEHOLDER)
    if not found:  # the code went into a comment that has its reason
        return None
    start = edit.range.start
    at = start.character + len(before)  # the comment is ASCII, and on the edit's first line
    span = [start.line, at, at + len(PLACEHOLDER)]
    return types.Command("Type the reason", SELECT, arguments=[uri, *span])
