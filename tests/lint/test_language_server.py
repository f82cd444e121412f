"""The language server, spoken to by a real client over standard input and output."""

import asyncio
import sys
from pathlib import Path
from typing import Union

import pytest

pytest.importorskip("pygls")

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.protocol import default_converter

from keystream._codes import CODES
from keystream._language_server import pages
from keystream._language_server.documents import of_text
from keystream._language_server.ignoring import with_ignore
from keystream._language_server.settings import read_settings
from keystream._lint.source import Source, of_cells

REUSED = """\
import jax


def f(key):
    x = jax.random.normal(key)  # é
    return x + jax.random.uniform(key)
"""

# One finding that is repaired safely, one that is not.
TWO = """\
import jax


def f(key):
    jax.random.split(key)
    x = jax.random.normal(key)
    return x + jax.random.uniform(key)
"""

# The key is drawn from, by what the loop calls, before it is split in the next turn.
UNREPAIRED = """\
import jax


def train(x):
    keys = [jax.random.key(0)]
    for step in range(3):
        jax.random.split(keys[0])
        x = x + jax.random.normal(keys[0])
    return x
"""

CAPABLE = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        apply_edit=True,
        configuration=True,
        did_change_configuration=types.DidChangeConfigurationClientCapabilities(True),
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(True),
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
    ),
    window=types.WindowClientCapabilities(show_document=types.ShowDocumentClientCapabilities(True)),
)


def _converter():
    """What reads messages: `lsprotocol` 2025.0.0 takes an action that has a command for a command."""
    converter = default_converter()

    def action(found, _):
        bare = isinstance(found.get("command"), str)
        return converter.structure(found, types.Command if bare else types.CodeAction)

    converter.register_structure_hook(Union[types.Command, types.CodeAction], action)  # noqa: UP007
    return converter


class _Editor:
    """A client that keeps what it is sent, and answers as an editor does."""

    def __init__(self):
        self.client = LanguageClient("editor", "1", converter_factory=_converter)
        self.sent, self.said = asyncio.Queue(), asyncio.Queue()
        self.settings, self.registered, self.applied, self.selected = None, [], [], []

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _published(params):
            self.sent.put_nowait(params)

        @self.client.feature(types.WINDOW_SHOW_MESSAGE)
        def _said(params):
            self.said.put_nowait(params.message)

        @self.client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def _registered(params):
            self.registered += [each.method for each in params.registrations]

        @self.client.feature(types.WORKSPACE_CONFIGURATION)
        def _asked(params):
            assert [each.section for each in params.items] == ["keystream"]
            return [self.settings]

        @self.client.feature(types.WORKSPACE_APPLY_EDIT)
        def _apply(params):
            self.applied.append(params.edit)
            return types.ApplyWorkspaceEditResult(True)

        @self.client.feature(types.WINDOW_SHOW_DOCUMENT)
        def _show(params):
            self.selected.append(params)
            return types.ShowDocumentResult(True)

    async def start(self, folder, capabilities, options):
        await self.client.start_io(sys.executable, "-m", "keystream", "server", "--stdio")
        answer = await self.client.initialize_async(
            types.InitializeParams(
                capabilities=capabilities,
                root_uri=folder.as_uri(),
                workspace_folders=[types.WorkspaceFolder(folder.as_uri(), "project")],
                initialization_options=options,
            )
        )
        self.client.initialized(types.InitializedParams())
        return answer

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

    async def published(self):
        return await asyncio.wait_for(self.sent.get(), 60)

    async def diagnostics(self):
        return (await self.published()).diagnostics

    async def codes(self):
        return [item.code for item in await self.diagnostics()]

    async def message(self):
        return await asyncio.wait_for(self.said.get(), 60)

    async def hover(self, uri, line, character):
        found = await self.client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
        )
        return found and found.contents.value

    async def fixes(self, uri, diagnostics=(), *, only=None):
        whole = types.Range(types.Position(0, 0), types.Position(0, 0))
        return await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri),
                diagnostics[0].range if diagnostics else whole,
                types.CodeActionContext(diagnostics, only),
            )
        )

    async def execute(self, command, *arguments):
        await self.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command, list(arguments))
        )

    async def stop(self):
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()


def _session(folder, talk, *, capabilities=None, options=None):
    async def whole():
        editor = _Editor()
        answer = await editor.start(folder, capabilities or types.ClientCapabilities(), options)
        try:
            await talk(editor, answer)
        finally:
            await editor.stop()

    asyncio.run(whole())


def _apply(text, edits):
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:i])) for i in range(len(lines) + 1)]
    ordered = sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character))
    for edit in ordered[::-1]:  # of two at one place the later stands after the earlier
        begin = starts[edit.range.start.line] + edit.range.start.character
        end = starts[edit.range.end.line] + edit.range.end.character
        text = text[:begin] + edit.new_text + text[end:]
    return text


def _edits(edit):
    """The edits of a workspace's edit, by URI."""
    if edit.document_changes:
        return {each.text_document.uri: each.edits for each in edit.document_changes}
    return edit.changes


def test_a_mistake_is_shown_linked_fixed_and_gone(tmp_path):
    uri = (tmp_path / "train.py").as_uri()

    async def talk(editor, answer):
        assert answer.capabilities.code_action_provider
        editor.open(uri, REUSED)
        (found,) = shown = await editor.diagnostics()
        assert (found.code, found.range.start.line, found.source) == ("KS101", 5, "keystream")
        assert (found.range.start.character, found.range.end.character) == (15, 38)
        assert found.severity == types.DiagnosticSeverity.Error
        assert found.code_description.href == pages.link("KS101")
        assert found.related_information[0].location.range.start.line == 4
        fix, ignore, file, all_files = await editor.fixes(uri, shown)
        assert fix.title == "KS101: Split a key off for line 5 (changes drawn bits)"
        assert ignore.title == "KS101: Ignore here, with a reason"
        assert file.title == "keystream: Repair the file (changes drawn bits)"
        assert all_files.title == "keystream: Repair all files (changes drawn bits)"
        assert fix.diagnostics == ignore.diagnostics == shown
        repaired = _apply(REUSED, fix.edit.changes[uri])
        assert (
            "    key, x_key = jax.random.split(key)\n    x = jax.random.normal(x_key)  # é\n"
            in repaired
        )
        editor.change(uri, repaired, 2)
        assert not await editor.diagnostics()

    _session(tmp_path, talk)


def test_the_rule_is_shown_over_a_finding_and_over_its_code(tmp_path):
    uri = (tmp_path / "train.py").as_uri()
    text = REUSED.replace("uniform(key)", "uniform(key)  # keystream: ignore[KS101] compared")

    async def talk(editor, _):
        editor.open(uri, REUSED)
        await editor.diagnostics()
        said = await editor.hover(uri, 5, 20)
        assert said.startswith("**KS101 key-reused**\n\nTwo draws from one key, in one function")
        assert "**Use instead**\n\n```python\nimport jax\n" in said
        assert "**Repair here:** Split a key off for line 5 (changes drawn bits)." in said
        assert said.endswith(f"[The whole page of KS101]({pages.link('KS101')})")
        assert await editor.hover(uri, 1, 0) is None
        assert await editor.hover(uri, 99, 0) is None
        editor.change(uri, text, 2)
        assert not await editor.diagnostics()
        assert (await editor.hover(uri, 5, 20)).startswith("Ignored here: compared\n\n**KS101 ")
        assert (await editor.hover(uri, 5, text.split("\n")[5].index("KS101"))).startswith(
            "**KS101"
        )

        editor.change(uri, UNREPAIRED, 3)
        assert await editor.codes() == ["KS102", "KS107"]
        said = await editor.hover(uri, 6, 20)
        assert "**No repair here:** the finding would stay, or another come in its place." in said

    _session(tmp_path, talk)


def test_a_finding_is_ignored_where_it_stands_and_its_reason_is_selected(tmp_path):
    uri = (tmp_path / "train.py").as_uri()

    async def talk(editor, _):
        editor.open(uri, REUSED)
        shown = await editor.diagnostics()
        ignore = (await editor.fixes(uri, shown))[1]
        (edited,) = ignore.edit.document_changes
        assert edited.text_document.version == 1
        text = _apply(REUSED, edited.edits)
        line = "    return x + jax.random.uniform(key)  # keystream: ignore[KS101] reason"
        assert text.split("\n")[5] == line
        await editor.execute(ignore.command.command, *ignore.command.arguments)
        (selected,) = editor.selected
        span = selected.selection
        assert line[span.start.character : span.end.character] == "reason"
        assert (selected.uri, span.start.line, selected.take_focus) == (uri, 5, True)
        editor.change(uri, text, 2)
        assert not await editor.diagnostics()

    _session(tmp_path, talk, capabilities=CAPABLE)


@pytest.mark.parametrize(
    ("text", "line", "ignored"),
    [
        ("x = f(key)", 1, "x = f(key)  # keystream: ignore[KS101] reason"),
        ("x = f(key)  # é\n", 1, "x = f(key)  # é  # keystream: ignore[KS101] reason\n"),
        ("x = f(key)   \ny = 1", 1, "x = f(key)  # keystream: ignore[KS101] reason\ny = 1"),
        (
            "x = f(key)  # keystream: ignore[KS105] old keys\n",
            1,
            "x = f(key)  # keystream: ignore[KS105, KS101] old keys\n",
        ),
        (
            "# keystream: ignore[legacy-key] old keys\nx = f(key)\n",
            2,
            "# keystream: ignore[legacy-key, KS101] old keys\nx = f(key)\n",
        ),
        (
            "if a:\n    x = f(key) + \\\n        1\n",
            2,
            "if a:\n    # keystream: ignore[KS101] reason\n    x = f(key) + \\\n        1\n",
        ),
        (
            "x = f(key)  # noqa: KS105\n",  # ours at its end would put it out of force
            1,
            "# keystream: ignore[KS101] reason\nx = f(key)  # noqa: KS105\n",
        ),
        ('x = f"""\n{f(key)}\n"""', 2, None),
        ('x = f("""# keystream: ignore[KS105]""",\n  1)', 1, None),
    ],
)
def test_the_comment_stands_where_lint_reads_it_and_changes_no_program(text, line, ignored):
    after = with_ignore(Source("train.py", text), line, "KS101")
    if ignored is None and after is not None:
        assert "# keystream: ignore[KS101] reason" in after.text
        return
    assert (after and after.text) == ignored


_TEXTS = st.lists(st.sampled_from(["", "a", "ab", "é😀b"]), min_size=1, max_size=6).map("\n".join)


@given(before=_TEXTS, after=_TEXTS)
def test_changes_turn_one_text_into_the_other(before, after):
    document = of_text("file:///train.py", before)
    edits = [
        types.TextEdit(
            types.Range(types.Position(*each.start), types.Position(*each.end)), each.text
        )
        for each in document.changes(Source("train.py", after))
    ]
    assert _apply(before, edits) == after


def test_a_comment_on_a_line_of_its_own_leaves_cells_as_they_are():
    source = of_cells("nb.ipynb", [(1, "a = 1"), (3, "x = f(key) + \\\n  1"), (4, "b = 2")])
    after = with_ignore(source, 2, "KS101")
    assert after.text == ("a = 1\n# keystream: ignore[KS101] reason\nx = f(key) + \\\n  1\nb = 2\n")
    assert after.cells == ((1, 1), (3, 1), (3, 2), (3, 3), (4, 1))


@pytest.mark.parametrize("unsafe", [False, True])
def test_a_file_is_repaired_when_it_is_saved_by_what_is_safe_or_all(tmp_path, unsafe):
    uri = (tmp_path / "train.py").as_uri()

    async def talk(editor, _):
        editor.open(uri, TWO)
        assert await editor.codes() == ["KS107", "KS101"]
        (fix,) = await editor.fixes(uri, only=["source.fixAll"])
        assert fix.kind == "source.fixAll.keystream"
        text = _apply(TWO, fix.edit.changes[uri])
        assert "    jax.random.split(key)\n" not in text
        assert ("x_key" in text) is unsafe
        editor.change(uri, text, 2)
        assert await editor.codes() == ([] if unsafe else ["KS101"])
        assert not await editor.fixes(uri, only=["refactor"])

    _session(tmp_path, talk, options={"unsafeFixes": unsafe})


def test_all_files_are_repaired_as_they_are_in_the_editor_but_those_left_out(tmp_path):
    written = {name: tmp_path / name for name in ("a.py", "b.py", "clean.py", ".venv/c.py")}
    for name, path in written.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text("import jax\n" if name == "clean.py" else TWO)
    opened, closed = written["a.py"].as_uri(), written["b.py"].as_uri()
    unsaved = TWO.replace("def f", "def g")

    async def talk(editor, _):
        editor.open(opened, unsaved)
        await editor.diagnostics()
        await editor.execute("keystream.fixAll")
        assert await editor.message() == "keystream: 2 repairs made"
        await editor.execute("keystream.fixAll", True)
        assert await editor.message() == "keystream: 4 repairs made"
        await editor.execute("keystream.fixFile", opened, True)
        assert await editor.message() == "keystream: 2 repairs made"
        safe, both, one = editor.applied
        edits = _edits(safe)
        assert set(edits) == set(_edits(both)) == {opened, closed}
        assert set(_edits(one)) == {opened}
        gone = "    jax.random.split(key)\n"
        assert _apply(unsaved, edits[opened]) == unsaved.replace(gone, "")
        assert _apply(TWO, edits[closed]) == TWO.replace(gone, "")
        assert "x_key" in _apply(TWO, _edits(both)[closed])
        versions = {
            each.text_document.uri: each.text_document.version for each in safe.document_changes
        }
        assert versions == {opened: 1, closed: None}
        assert written["b.py"].read_text() == TWO  # it is the editor that writes
        editor.change(opened, "import jax\n", 2)
        await editor.execute("keystream.fixFile", opened, True)
        assert await editor.message() == "keystream: there is nothing to repair"

    _session(tmp_path, talk, capabilities=CAPABLE)


def test_settings_are_asked_for_and_taken_again_when_they_change(tmp_path):
    uri = (tmp_path / "train.py").as_uri()

    async def talk(editor, _):
        editor.open(uri, TWO)
        while await editor.codes() != ["KS107"]:
            pass  # it may have been read before the settings came
        assert sorted(editor.registered) == [
            "workspace/didChangeConfiguration",
            "workspace/didChangeWatchedFiles",
        ]
        for settings, codes in (
            ({"select": ["KS101"]}, ["KS101"]),
            ({"select": None, "interpreter": "python3"}, ["KS107", "KS101"]),
        ):
            editor.settings = settings
            editor.client.workspace_did_change_configuration(
                types.DidChangeConfigurationParams(None)
            )
            assert await editor.codes() == codes
        (tmp_path / "pyproject.toml").write_text('[tool.keystream]\nignore = ["KS101"]\n')
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([]))
        assert await editor.codes() == ["KS107"]

    async def with_settings(editor, answer):
        editor.settings = {"ignore": ["key-reused"]}
        await talk(editor, answer)

    _session(tmp_path, with_settings, capabilities=CAPABLE)


def test_settings_are_also_taken_where_the_server_can_not_ask(tmp_path):
    uri = (tmp_path / "train.py").as_uri()

    async def talk(editor, _):
        editor.open(uri, TWO)
        assert await editor.codes() == ["KS107"]
        editor.change(uri, "import jax\n", 2)
        await asyncio.sleep(0.5)
        assert editor.sent.empty()  # run = "onSave"
        editor.client.text_document_did_save(
            types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri))
        )
        assert await editor.codes() == []
        given = {"keystream": {"select": ["KS9x"]}}
        editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(given))
        assert await editor.message() == "keystream: there is no code or mistake 'KS9x' (--select)"

    _session(tmp_path, talk, options={"keystream": {"ignore": ["KS101"], "run": "onSave"}})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ignored": []}, "there is no setting 'ignored'"),
        ({"run": "never"}, 'run = \'never\' is neither "onType" nor "onSave"'),
        ({"unsafeFixes": "yes"}, "unsafeFixes = 'yes' is neither true nor false"),
        ({"select": "KS1"}, "select = 'KS1' is not a list of strings"),
        ("KS1", "settings = 'KS1' is not an object"),
    ],
)
def test_a_setting_that_is_not_understood_is_said(options, said):
    with pytest.raises(ValueError, match="editor's settings") as caught:
        read_settings(options)
    assert caught.value.what == said


def test_cells_of_a_notebook_are_one_program(tmp_path):
    notebook = (tmp_path / "nb.ipynb").as_uri()
    cells = [f"vscode-notebook-cell:{notebook}#c{number}" for number in range(4)]
    texts = [
        "import jax\nkey, other = jax.random.key(0), jax.random.key(1)",
        "# A heading",
        "%time x = jax.random.normal(key)\njax.random.split(other)",
        "y = '😀', jax.random.uniform(key)",
    ]
    kinds = [types.NotebookCellKind.Code] * 4
    kinds[1] = types.NotebookCellKind.Markup

    async def talk(editor, _):
        documents = zip(cells, texts, kinds, strict=True)
        editor.client.notebook_document_did_open(
            types.DidOpenNotebookDocumentParams(
                types.NotebookDocument(
                    notebook,
                    "jupyter-notebook",
                    1,
                    [types.NotebookCell(kind, uri) for uri, kind in zip(cells, kinds, strict=True)],
                ),
                [
                    types.TextDocumentItem(uri, "python", 1, text)
                    for uri, text, kind in documents
                    if kind == types.NotebookCellKind.Code
                ],
            )
        )
        shown = {each.uri: each.diagnostics for each in [await editor.published() for _ in "abc"]}
        assert {uri: [item.code for item in found] for uri, found in shown.items()} == {
            cells[0]: [],
            cells[2]: ["KS107"],
            cells[3]: ["KS101"],
        }
        (reused,) = shown[cells[3]]
        assert (reused.range.start.line, reused.range.start.character) == (0, 10)  # in UTF-16
        assert reused.range.end.character == 33
        assert (await editor.hover(cells[3], 0, 12)).startswith("**KS101 key-reused**")
        (fix, ignore, *_) = await editor.fixes(cells[2], shown[cells[2]])
        assert fix.title.startswith("KS107: ")
        assert _apply(texts[2] + "\n", fix.edit.changes[cells[2]]) == texts[2].split("\n")[0] + "\n"
        (ignore, *_) = await editor.fixes(cells[3], shown[cells[3]])  # %time keeps its own line
        assert ignore.title == "KS101: Ignore here, with a reason"
        assert list(ignore.edit.changes) == [cells[3]]
        editor.client.notebook_document_did_change(
            types.DidChangeNotebookDocumentParams(
                types.VersionedNotebookDocumentIdentifier(2, notebook),
                types.NotebookDocumentChangeEvent(
                    cells=types.NotebookDocumentCellChanges(
                        text_content=[
                            types.NotebookDocumentCellContentChanges(
                                types.VersionedTextDocumentIdentifier(2, cells[3]),
                                [types.TextDocumentContentChangeWholeDocument("y = 1")],
                            )
                        ]
                    )
                ),
            )
        )
        shown = {each.uri: each.diagnostics for each in [await editor.published() for _ in "abc"]}
        assert [len(shown[uri]) for uri in (cells[0], cells[2], cells[3])] == [0, 1, 0]

    _session(tmp_path, talk)


def test_what_lint_says_less_loudly_or_not_at_all_the_editor_does_too(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.keystream]\nexclude = ["old"]\n')

    async def talk(editor, _):
        for name, severities in (
            ("tests/test_it.py", [types.DiagnosticSeverity.Information]),
            ("old/train.py", []),
            (".venv/lib/site.py", []),
        ):
            editor.open((tmp_path / name).as_uri(), REUSED)
            assert [item.severity for item in await editor.diagnostics()] == severities

    _session(tmp_path, talk)


def test_a_wrong_table_of_the_project_is_said_once_and_checks_go_on(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.keystream]\nselct = ["KS1"]\n')

    async def talk(editor, _):
        for name in ("one.py", "two.py"):
            editor.open((tmp_path / name).as_uri(), REUSED)
            assert await editor.codes() == ["KS101"]
        said = await editor.message()
        assert said.startswith("keystream: [tool.keystream] has no option 'selct'; there are ")
        assert editor.said.empty()

    _session(tmp_path, talk)


def test_every_rule_has_a_page_to_show_and_a_place_where_it_is_read():
    for code in (code for code in CODES if code > "KS1"):
        if pages.link(code):
            assert pages.of_rule(code).startswith(f"**{code} {CODES[code]}**\n\n")
            assert Path(pages.link(code).removeprefix("file://")).read_text().startswith('"""')


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
