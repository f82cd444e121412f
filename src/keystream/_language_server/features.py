"""What the server answers to: one function for each thing that an editor may send or ask."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lsprotocol import types

from keystream._language_server import pages
from keystream._language_server.actions import FIX_ALL, FIX_FILE, SELECT, SOURCE_KIND, Offers
from keystream._language_server.editing import repairs_at, title
from keystream._language_server.server import Server

PAUSE = 0.15  # seconds without a key pressed before a text is read again

_CONFIGURATION = types.WORKSPACE_DID_CHANGE_CONFIGURATION
_WATCHED = types.WORKSPACE_DID_CHANGE_WATCHED_FILES


def make_server() -> Server:
    """A server that answers to an editor; start it with ``start_io``."""
    server = Server()
    for name, function in {
        types.INITIALIZE: _initialize,
        types.INITIALIZED: _initialized,
        _CONFIGURATION: _reconfigured,
        _WATCHED: _project_changed,
        types.TEXT_DOCUMENT_DID_OPEN: _opened,
        types.TEXT_DOCUMENT_DID_CHANGE: _changed,
        types.TEXT_DOCUMENT_DID_SAVE: _saved,
        types.TEXT_DOCUMENT_DID_CLOSE: _closed,
        types.NOTEBOOK_DOCUMENT_DID_OPEN: _notebook_opened,
        types.NOTEBOOK_DOCUMENT_DID_CHANGE: _notebook_changed,
        types.NOTEBOOK_DOCUMENT_DID_SAVE: _notebook_saved,
        types.NOTEBOOK_DOCUMENT_DID_CLOSE: _notebook_closed,
        types.TEXT_DOCUMENT_HOVER: _hover,
    }.items():
        server.feature(name)(function)
    server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, SOURCE_KIND]),
    )(_actions)
    for name, command in {FIX_FILE: _fix_file, FIX_ALL: _fix_all, SELECT: _select}.items():
        server.command(name)(command)
    return server


def _initialize(ls: Server, params: types.InitializeParams) -> None:
    ls.take(params.initialization_options)


async def _initialized(ls: Server, params: types.InitializedParams) -> None:
    """Ask for the settings, and to be told when they or the project's table change."""
    del params
    can = ls.client_capabilities.workspace
    if can is None:
        return
    wanted: list[types.Registration] = []
    if can.did_change_configuration and can.did_change_configuration.dynamic_registration:
        options = types.DidChangeConfigurationRegistrationOptions("keystream")
        wanted.append(types.Registration(_CONFIGURATION, _CONFIGURATION, options))
    if can.did_change_watched_files and can.did_change_watched_files.dynamic_registration:
        watched = types.DidChangeWatchedFilesRegistrationOptions(
            [types.FileSystemWatcher("**/pyproject.toml")]
        )
        wanted.append(types.Registration(_WATCHED, _WATCHED, watched))
    if wanted:
        await ls.client_register_capability_async(types.RegistrationParams(wanted))
    await _ask_for_settings(ls)


async def _reconfigured(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    if not await _ask_for_settings(ls):
        ls.take(params.settings)
        ls.publish_all()


async def _ask_for_settings(ls: Server) -> bool:
    """Take the settings that the editor has now; whether it can be asked for them."""
    can = ls.client_capabilities.workspace
    if can is None or not can.configuration:
        return False
    asked = types.ConfigurationParams([types.ConfigurationItem(section="keystream")])
    given = await ls.workspace_configuration_async(asked)
    if given and given[0] is not None:  # null says nothing: what it began with holds
        ls.take(given[0])
        ls.publish_all()
    return True


def _project_changed(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    del params
    ls.publish_all()


def _opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    ls.publish(ls.document(params.text_document.uri))


async def _changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    await _typed(ls, params.text_document.uri, params.text_document.uri)


def _saved(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    ls.publish(ls.document(params.text_document.uri))


def _closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    _clear(ls, [params.text_document.uri])


def _notebook_opened(ls: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    ls.publish(ls.document(params.notebook_document.uri))


async def _notebook_changed(ls: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    cells = params.change.cells
    if cells is not None and cells.structure is not None:
        _clear(ls, [cell.uri for cell in cells.structure.did_close or ()])
    texts = cells.text_content if cells is not None else None
    touched = texts[-1].document.uri if texts else ""
    await _typed(ls, params.notebook_document.uri, touched)


def _notebook_saved(ls: Server, params: types.DidSaveNotebookDocumentParams) -> None:
    ls.publish(ls.document(params.notebook_document.uri))


def _notebook_closed(ls: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    _clear(ls, [cell.uri for cell in params.cell_text_documents])


async def _typed(ls: Server, uri: str, text: str) -> None:
    """Check what is typed in, once nothing was typed for a moment.

    Args:
        ls: the server.
        uri: of the file or notebook.
        text: of the file or cell; empty where cells were moved.
    """
    if ls.settings.run == "onSave":
        return
    known = ls.workspace.text_documents
    version = known[text].version if text in known else None
    await asyncio.sleep(PAUSE)
    if text and (text not in known or known[text].version != version):
        return  # it was typed on, or closed
    ls.publish(ls.document(uri))


def _clear(ls: Server, uris: Sequence[str]) -> None:
    for uri in uris:
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


def _hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    """The rule of the finding on the line, or of the code that is written there."""
    uri, at = params.text_document.uri, params.position
    document = ls.document(uri)
    part = next((part for part in document.parts if part.uri == uri), None)
    if part is None or at.line >= len(part.lines):
        return None
    code = pages.code_at(part.lines[at.line], at.character)
    if code:
        said = [pages.of_code(code)]
    else:
        lines = document.lines(uri, at.line, at.line)
        found = [
            each for each in ls.findings(document) if document.line(each.locations[0]) in lines
        ]
        repairs = repairs_at(document, ls.config(document.path), lines) if found else []
        titles = {repair.code: title(repair, document.source) for repair, _ in repairs}
        said = [pages.of_finding(each, titles.get(each.code, "")) for each in found]
    if not said:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(said))
    return types.Hover(content)


def _actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri = params.text_document.uri
    document = ls.document(uri)
    config = ls.config(document.path)
    offers = Offers(ls.speaker(document), config, unsafe=ls.settings.unsafe_fixes, edit=ls.edit)
    only = params.context.only
    made: list[types.CodeAction] = []
    if _is_wanted(types.CodeActionKind.QuickFix, only):
        lines = document.lines(uri, params.range.start.line, params.range.end.line)
        window = ls.client_capabilities.window
        selects = window is not None and window.show_document is not None
        shown = params.context.diagnostics
        made += offers.at(uri, lines, ls.findings(document), shown, selects=selects)
    if only and _is_wanted(SOURCE_KIND, only):  # it takes longer: only for those who ask for it
        made += offers.whole_file()
    return made


def _is_wanted(kind: str, only: Sequence[str] | None) -> bool:
    return not only or any(f"{kind}.".startswith(f"{each}.") for each in only)


async def _fix_file(ls: Server, uri: str, unsafe: bool) -> None:
    await ls.repair(iter([ls.document(uri)]), unsafe=unsafe)


async def _fix_all(ls: Server, *unsafe: bool) -> None:
    """Repair all files; a palette of commands sends no argument, and then the setting holds."""
    await ls.repair(ls.sources(), unsafe=any(unsafe) or ls.settings.unsafe_fixes)


async def _select(ls: Server, uri: str, line: int, start: int, end: int) -> None:
    """Select the word that stands for a reason."""
    span = types.Range(types.Position(line, start), types.Position(line, end))
    await ls.window_show_document_async(
        types.ShowDocumentParams(uri, take_focus=True, selection=span)
    )
