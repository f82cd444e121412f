"""The server: what is known of the editor that started it, and what that is told.

Needs the extra ``lsp``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from keystream._findings import Finding
from keystream._language_server.documents import Document, of_notebook, of_text, path_of
from keystream._language_server.editing import ends, findings, is_left_out, repaired
from keystream._language_server.protocol import Speaker
from keystream._language_server.settings import Settings, read_settings
from keystream._lint.source import UnreadableError, read_source
from keystream._linter.config import Config
from keystream._linter.engine import find_files
from keystream._version import __version__
from keystream.errors import KeystreamError

_NOTEBOOKS = types.NotebookDocumentSyncOptions(
    [
        types.NotebookDocumentFilterWithCells(
            cells=[types.NotebookCellLanguage("python")],
            notebook=types.NotebookDocumentFilterNotebookType("jupyter-notebook"),
        )
    ],
    save=True,
)

Edits = dict[str, list[types.TextEdit]]


class Server(LanguageServer):
    """What is known of one editor: its settings, its folders, and what it was told."""

    def __init__(self) -> None:
        super().__init__(
            "keystream",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            notebook_document_sync=_NOTEBOOKS,
        )
        self.settings = Settings()
        self._told: set[str] = set()

    def take(self, given: object) -> None:
        """Take settings; those that are wrong are left, and the user is told."""
        try:
            self.settings = read_settings(given)
        except KeystreamError as error:
            self.tell_once(error)

    def config(self, path: Path) -> Config:
        """What is wanted in a file; everything where that can't be understood, and the user is told."""
        try:
            return self.settings.config(path)
        except KeystreamError as error:
            self.tell_once(error)
            return Config()

    def tell_once(self, error: KeystreamError) -> None:
        """Show what is wrong with the settings or the project's table, the first time that it is met."""
        if error.what not in self._told:
            self._told.add(error.what)
            said = f"keystream: {error.what} ({error.where})" if error.where else error.what
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, said))

    def document(self, uri: str) -> Document:
        """The file, or the notebook that a cell is of."""
        notebook = self.workspace.get_notebook_document(
            notebook_uri=uri
        ) or self.workspace.get_notebook_document(cell_uri=uri)
        if notebook is None:
            return of_text(uri, self.workspace.get_text_document(uri).source)
        cells = [
            (number, cell.document, self.workspace.get_text_document(cell.document).source)
            for number, cell in enumerate(notebook.cells, 1)
            if cell.kind == types.NotebookCellKind.Code
            and self.workspace.get_notebook_document(cell_uri=cell.document) is notebook
        ]
        return of_notebook(notebook.uri, cells)

    def documents(self) -> Iterator[Document]:
        """All that is open: notebooks, and files that are no cell of one."""
        for uri in list(self.workspace.notebook_documents):
            yield self.document(uri)
        for document in list(self.workspace.text_documents.values()):
            if self.workspace.get_notebook_document(cell_uri=document.uri) is None:
                yield self.document(document.uri)

    def folders(self) -> list[Path]:
        """The folders that are open in the editor."""
        found = [path_of(folder.uri) for folder in self.workspace.folders.values()]
        if not found and self.workspace.root_uri:
            found = [path_of(self.workspace.root_uri)]
        return found

    def speaker(self, document: Document) -> Speaker:
        """Who says to this editor what is known of a document."""
        return Speaker(document, self.workspace.position_codec)

    def findings(self, document: Document) -> tuple[Finding, ...]:
        """The findings of a document that the user wants."""
        return findings(document, self.config(document.path), self.folders())

    def publish(self, document: Document) -> None:
        """Show the findings of a document."""
        found = [each for each in self.findings(document) if each.suppressed is None]
        places = [each.locations[0] for each in found]
        starts = [(document.line(place), place.column - 1) for place in places]
        known = ends(document.source, starts) if found else {}
        speaker = self.speaker(document)
        shown: dict[str, list[types.Diagnostic]] = {part.uri: [] for part in document.parts}
        for finding in found:
            uri, diagnostic = speaker.diagnostic(finding, known)
            shown[uri].append(diagnostic)
        for uri, diagnostics in shown.items():
            version = self.workspace.get_text_document(uri).version
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(uri, diagnostics, version)
            )

    def publish_all(self) -> None:
        """Show the findings of all that is open, after what is wanted has changed."""
        for document in self.documents():
            self.publish(document)

    def edit(self, edits: Edits) -> types.WorkspaceEdit:
        """An edit of the workspace; of texts as they are now, where the editor can hold to that."""
        workspace = self.client_capabilities.workspace
        can = workspace.workspace_edit if workspace is not None else None
        if can is None or not can.document_changes:
            return types.WorkspaceEdit(edits)
        known = self.workspace.text_documents
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(
                    types.OptionalVersionedTextDocumentIdentifier(
                        uri, known[uri].version if uri in known else None
                    ),
                    list(changes),
                )
                for uri, changes in edits.items()
            ]
        )

    def sources(self) -> Iterator[Document]:
        """All files below the open folders that lint would repair: as they are in the editor, if open.

        Notebooks that are not open are left to ``keystream lint --fix``: no editor changes a cell of a
        notebook that it has not opened.
        """
        known = {document.path: document for document in self._files()}
        below = [
            path
            for folder in self.folders()
            for path in find_files([str(folder)], self.config(folder))
            if path not in known and path.suffix != ".ipynb"
        ]
        yield from known.values()
        for path in below:
            try:
                yield of_text(path.as_uri(), read_source(path, str(path)).text)
            except UnreadableError:
                continue

    def _files(self) -> Iterator[Document]:
        """What is open and in a file that is not left out."""
        for document in self.documents():
            if document.path.is_absolute() and not is_left_out(
                document.path, self.config(document.path), self.folders()
            ):
                yield document

    async def repair(self, documents: Iterator[Document], *, unsafe: bool) -> None:
        """Repair documents, and say how much was repaired."""
        edits: Edits = {}
        count = 0
        for document in documents:
            done, after = repaired(document, self.config(document.path), unsafe=unsafe)
            changes = document.changes(after) if done else None
            if changes:
                count += done
                edits.update(self.speaker(document).edits(changes))
            await asyncio.sleep(0)  # the editor may ask something between two files
        said = "keystream: there is nothing to repair"
        if edits:
            answer = await self.workspace_apply_edit_async(
                types.ApplyWorkspaceEditParams(self.edit(edits), "keystream: repairs")
            )
            said = f"keystream: {count} repair{'s' * (count != 1)} made"
            if not answer.applied:
                said = f"keystream: the editor did not make the repairs: {answer.failure_reason}"
        self.window_show_message(types.ShowMessageParams(types.MessageType.Info, said))
