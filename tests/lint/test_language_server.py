"""The language server, spoken to by a real client over standard input and output."""

import asyncio
import sys
from pathlib import Path

import pytest

pytest.importorskip("pygls")

from lsprotocol import types
from pygls.lsp.client import LanguageClient

REUSED = """\
import jax


def f(key):
    x = jax.random.normal(key)  # é
    return x + jax.random.uniform(key)
"""


class _Editor:
    """A client that keeps the diagnostics that it is sent."""

    def __init__(self):
        self.client = LanguageClient("editor", "1")
        self.sent = asyncio.Queue()

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _published(params):
            self.sent.put_nowait(params)

    async def start(self, folder):
        await self.client.start_io(sys.executable, "-m", "keystream", "server", "--stdio")
        return await self.client.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(), root_uri=folder.as_uri()
            )
        )

    def open(self, uri, text):
        item = types.TextDocumentItem(uri, "python", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, uri, text, version):
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, uri),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    async def diagnostics(self):
        return (await asyncio.wait_for(self.sent.get(), 60)).diagnostics

    async def fixes(self, uri, diagnostics):
        return await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri),
                diagnostics[0].range,
                types.CodeActionContext(diagnostics),
            )
        )

    async def stop(self):
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()


def _session(folder, talk):
    async def whole():
        editor = _Editor()
        answer = await editor.start(folder)
        try:
            await talk(editor, answer)
        finally:
            await editor.stop()

    asyncio.run(whole())


def _apply(text, edits):
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:i])) for i in range(len(lines) + 1)]
    for edit in sorted(
        edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True
    ):
        begin = starts[edit.range.start.line] + edit.range.start.character
        end = starts[edit.range.end.line] + edit.range.end.character
        text = text[:begin] + edit.new_text + text[end:]
    return text


def test_a_mistake_is_shown_fixed_and_gone(tmp_path):
    uri = (tmp_path / "train.py").as_uri()

    async def talk(editor, answer):
        assert answer.capabilities.code_action_provider
        editor.open(uri, REUSED)
        (found,) = shown = await editor.diagnostics()
        assert (found.code, found.range.start.line, found.source) == ("KS101", 5, "keystream")
        assert found.severity == types.DiagnosticSeverity.Error
        assert found.related_information[0].location.range.start.line == 4
        (fix,) = await editor.fixes(uri, shown)
        assert fix.title == "KS101: Split a key off for line 5 (changes drawn bits)"
        repaired = _apply(REUSED, fix.edit.changes[uri])
        assert (
            "    key, x_key = jax.random.split(key)\n    x = jax.random.normal(x_key)  # é\n"
            in repaired
        )
        editor.change(uri, repaired, 2)
        assert not await editor.diagnostics()

    _session(tmp_path, talk)


def test_a_text_that_is_half_typed_is_one_finding_and_then_read_again(tmp_path):
    uri = (tmp_path / "train.py").as_uri()

    async def talk(editor, _):
        editor.open(uri, "import jax\ndef f(:\n")
        (found,) = await editor.diagnostics()
        assert (found.code, found.range.start.line) == ("KS901", 1)
        editor.change(uri, REUSED, 2)
        assert [item.code for item in await editor.diagnostics()] == ["KS101"]

    _session(tmp_path, talk)


def test_the_projects_configuration_holds(tmp_path):
    Path(tmp_path / "pyproject.toml").write_text('[tool.keystream]\nignore = ["KS101"]\n')
    uri = (tmp_path / "train.py").as_uri()

    async def talk(editor, _):
        editor.open(uri, REUSED)
        assert not await editor.diagnostics()

    _session(tmp_path, talk)
