"""The server: what an editor sends, and what it is told. Needs the extra ``lsp``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlparse

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from keystream._codes import CODES
from keystream._findings import Finding, Location
from keystream._language_server.editing import open_text, quick_fixes
from keystream._version import __version__

_SEVERITY = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}


def make_server() -> LanguageServer:
    """A server that answers to an editor; start it with ``start_io``."""
    server = LanguageServer(
        "keystream", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full
    )

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(ls: LanguageServer, params: types.DidOpenTextDocumentParams) -> None:
        _publish(ls, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(ls: LanguageServer, params: types.DidChangeTextDocumentParams) -> None:
        _publish(ls, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(ls: LanguageServer, params: types.DidSaveTextDocumentParams) -> None:
        _publish(ls, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: LanguageServer, params: types.DidCloseTextDocumentParams) -> None:
        ls.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(params.text_document.uri, [])
        )

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    )
    def actions(ls: LanguageServer, params: types.CodeActionParams) -> list[types.CodeAction]:
        return _actions(ls, params)

    del opened, changed, saved, closed, actions  # the server holds them
    return server


def path_of(uri: str) -> Path:
    """The file behind a URI; a name of its own for a text that is in no file."""
    parts = urlparse(uri)
    if parts.scheme != "file":
        return Path("untitled.py")
    path = unquote(parts.path)
    return Path(path[1:] if len(path) > 2 and path[2] == ":" else path)


def _publish(ls: LanguageServer, uri: str) -> None:
    document = ls.workspace.get_text_document(uri)
    text = open_text(path_of(uri), document.source)
    diagnostics = [
        _diagnostic(finding, document.lines)
        for finding in text.findings
        if finding.suppressed is None
    ]
    ls.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(uri, diagnostics, document.version)
    )


def _diagnostic(finding: Finding, lines: Sequence[str]) -> types.Diagnostic:
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(Path(place.path).absolute().as_uri(), _range(place, lines)),
            place.message or "on the way",
        )
        for place in finding.related
        if place.line
    ]
    return types.Diagnostic(
        range=_range(finding.locations[0], lines),
        message=f"{finding.message}\n{finding.why}\n{finding.fix}",
        severity=_SEVERITY[finding.severity],
        code=finding.code,
        source="keystream",
        related_information=related,
        data={"name": CODES[finding.code]},
    )


def _range(place: Location, lines: Sequence[str]) -> types.Range:
    line = max(place.line - 1, 0)
    start = max(place.column - 1, 0)
    end = len(lines[line].rstrip()) if line < len(lines) else start
    return types.Range(types.Position(line, start), types.Position(line, max(end, start)))


def _actions(ls: LanguageServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri = params.text_document.uri
    document = ls.workspace.get_text_document(uri)
    first, last = params.range.start.line + 1, params.range.end.line + 1
    found: list[types.CodeAction] = []
    for repair in quick_fixes(path_of(uri), document.source, first, last):
        edits = [
            types.TextEdit(
                types.Range(
                    types.Position(edit.start[0] - 1, _units(document.lines, edit.start)),
                    types.Position(edit.end[0] - 1, _units(document.lines, edit.end)),
                ),
                edit.text,
            )
            for edit in repair.edits
        ]
        title = repair.title if repair.safe else f"{repair.title} (changes drawn bits)"
        diagnostics = [item for item in params.context.diagnostics if item.code == repair.code]
        found.append(
            types.CodeAction(
                f"{repair.code}: {title}",
                types.CodeActionKind.QuickFix,
                diagnostics,
                edit=types.WorkspaceEdit({uri: edits}),
            )
        )
    return found


def _units(lines: Sequence[str], place: tuple[int, int]) -> int:
    """A column in bytes of UTF-8 as one in units of UTF-16, in which editors count."""
    line, column = place
    if line > len(lines):
        return 0
    return len(lines[line - 1].encode()[:column].decode(errors="ignore").encode("utf-16-le")) // 2
