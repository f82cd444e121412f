"""Findings and changes in the words of the protocol, whose columns an editor counts in its own units."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from keystream._codes import CODES
from keystream._findings import Finding, Location
from keystream._language_server.documents import Change, Document, Part
from keystream._language_server.editing import Ends
from keystream._language_server.pages import link

_SEVERITY = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}


class Speaker:
    """Says what is known of a document; columns are in the units that its editor counts."""

    def __init__(self, document: Document, codec: PositionCodec) -> None:
        self.document = document
        self._codec = codec

    def diagnostic(self, finding: Finding, ends: Ends) -> tuple[str, types.Diagnostic]:
        """A finding, and the URI of the text that it stands in."""
        part, span = self._span(finding.locations[0], ends)
        page = link(finding.code)
        return part.uri, types.Diagnostic(
            range=span,
            message=f"{finding.message}\n{finding.why}\n{finding.fix}",
            severity=_SEVERITY[finding.severity],
            code=finding.code,
            code_description=types.CodeDescription(page) if page else None,
            source="keystream",
            related_information=[self._related(place) for place in finding.related if place.line],
            data={"name": CODES[finding.code]},
        )

    def edits(self, changes: Sequence[Change]) -> dict[str, list[types.TextEdit]]:
        """Changes by the URI of the text that they change."""
        made: dict[str, list[types.TextEdit]] = {}
        for change in changes:
            part = next(part for part in self.document.parts if part.uri == change.uri)
            span = types.Range(
                self._position(part, *change.start), self._position(part, *change.end)
            )
            made.setdefault(change.uri, []).append(types.TextEdit(span, change.text))
        return made

    def _related(self, place: Location) -> types.DiagnosticRelatedInformation:
        if place.path == self.document.source.path:
            part, span = self._span(place, {})
            uri = part.uri
        else:  # a file that may not be open: its columns are taken as they are
            uri = Path(place.path).absolute().as_uri()
            start = types.Position(place.line - 1, max(place.column - 1, 0))
            span = types.Range(start, start)
        return types.DiagnosticRelatedInformation(
            types.Location(uri, span), place.message or "on the way"
        )

    def _span(self, location: Location, ends: Ends) -> tuple[Part, types.Range]:
        """From where a finding begins to where its call ends; to the line's end where it is none."""
        line, column = self.document.line(location), max(location.column - 1, 0)
        part, within = self.document.place(line)
        start = (within, _characters(part, within, column))
        end = (within, len(_line(part, within).rstrip()))
        if (line, column) in ends:
            last, bytes_ = ends[line, column]
            if last == line:  # of a call on several lines the first says enough
                end = (within, _characters(part, within, bytes_))
        end = max(start, end)
        return part, types.Range(self._position(part, *start), self._position(part, *end))

    def _position(self, part: Part, line: int, character: int) -> types.Position:
        if line >= len(part.lines):
            return types.Position(line, 0)
        return types.Position(line, self._codec.client_num_units(part.lines[line][:character]))


def _line(part: Part, line: int) -> str:
    return part.lines[line] if line < len(part.lines) else ""


def _characters(part: Part, line: int, column: int) -> int:
    """A column in bytes of UTF-8, as `ast` counts, as one in characters."""
    return len(_line(part, line).encode()[:column].decode(errors="ignore"))
