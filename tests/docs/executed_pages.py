"""Runs a page as its reader would, and compares what it shows.

The convention of every page: what a ``python`` block prints, and the error that it ends with, is the
``text`` block right after it, or the comments at the end of its ``print(...)`` lines. Nothing printed
may be left out, and nothing shown may lack the block that printed it. The same holds of ``sh`` blocks,
but that one without a ``text`` block only has to succeed; a command that is to fail says so in a
comment: ``keystream rule KS999  # exits 2``. A ``yaml``, ``json`` or ``toml`` block only has to be
read as such, and settings in an editor's own language are not looked at. The
blocks of a page share one namespace and one directory; one with ``title="solution.py"`` is also saved
there under that name, and its lines are those of that file.
"""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tokenize
import tomllib
import traceback
import types
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_INSTALLS = "installs from the network; the command runs for itself, in CI or in the reader's shell"
SKIPPED_LINES = {
    "python3 -m venv .venv && .venv/bin/python -m pip install --quiet --constraint constraints.txt "
    "--editable '.[demo]' && .venv/bin/keystream audit examples/digits.py": _INSTALLS,
    "python3 -m venv .venv && .venv/bin/python -m pip install --quiet --constraint constraints.txt "
    "--editable '.[dev]' && .venv/bin/python -m pytest -n auto": _INSTALLS,
    "python -m pip install .": _INSTALLS,
    "python -m pip install . flax jupyterlab": _INSTALLS,
    "jupyter lab examples/lesson.ipynb": "opens a browser; tests/exercise runs the notebook",
    "pytest --keystream": "runs the tests of the reader's project; tests/audit runs the plugin",
    "python benchmarks/keys.py --no-save": "measures for minutes; a benchmark, not a test",
    "python benchmarks/draws.py --no-save": "measures for minutes; a benchmark, not a test",
    "python benchmarks/training.py --no-save": "measures for minutes; a benchmark, not a test",
    "python benchmarks/threefry.py --no-save": "measures for minutes; a benchmark, not a test",
    "python benchmarks/audit.py --no-save": "measures for minutes; a benchmark, not a test",
    "python benchmarks/kills.py --no-save": "kills a training a hundred times; tests/resume has ten",
    "python benchmarks/field.py FOLDER --page docs/field.md": "reads checkouts; a benchmark, not a test",
    "python examples/resume.py runs/digits": "trains for half a minute; tests/resume runs it",
    "python examples/distributed.py": "starts seven processes; tests/scale runs it",
    "cd editors/vscode && npm install && npm run package": _INSTALLS,
    "code --install-extension keystream.vsix": "an editor's command; its README tells what was tried",
    "keystream demo": "trains for most of a minute; tests/demo runs it",
}

EXECUTED = ("python", "sh")
READ = {"yaml": yaml.safe_load, "json": json.loads, "toml": tomllib.loads}
SHOWN = ("lua", "elisp")  # settings, in languages that only their editors run
_INFO = re.compile(r'(?P<language>\w*)(?: title="(?P<title>[\w.]+)")?[^\n]*\n')
_EXITS = re.compile(r"  # exits (\d+)$")


def run_page(path: Path, scratch: Path) -> int:
    """Execute a page's blocks in order and return how many there were.

    Raises:
        AssertionError: a block shows something else than it printed.
    """
    document = Sybil([_Blocks(scratch)]).parse(path)
    # A module of its own, so that classes of the page can be looked up as those of a script.
    module = types.ModuleType(f"page_{path.stem.replace('-', '_')}")
    document.namespace = module.__dict__
    sys.modules[module.__name__] = module
    _install_command(scratch)
    try:
        with contextlib.chdir(scratch):
            return sum(1 for example in document.examples() if example.evaluate() is None)
    finally:
        del sys.modules[module.__name__]


class _Blocks:
    """A Sybil parser: yields the blocks to execute, each with what is shown for it."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._lexer = RawFencedCodeBlockLexer(_INFO)

    def __call__(self, document: Document) -> Iterable[Region]:
        blocks = sorted(self._lexer(document), key=lambda region: region.start)
        for place, block in enumerate(blocks):
            language = block.lexemes["language"]
            where = f"{document.path}:{document.line_column(block.start)}"
            if language == "text":
                before = blocks[place - 1] if place else block
                follows = before.lexemes["language"] in EXECUTED and _is_next(
                    document, before, block
                )
                assert follows, f"{where}: nothing printed this"
                continue
            if language in READ:
                READ[language](block.lexemes["source"])
                continue
            if language in SHOWN:
                continue
            assert language in EXECUTED, f"{where}: {language!r} blocks are not executed"
            following = blocks[place + 1] if place + 1 < len(blocks) else None
            shown = None
            if following and following.lexemes["language"] == "text":
                shown = following.lexemes["source"].rstrip("\n")
                shown = shown if _is_next(document, block, following) else None
            block.parsed = (language, block.lexemes["title"], block.lexemes["source"], shown)
            block.evaluator = self._evaluate
            yield block

    def _evaluate(self, example: Example) -> None:
        language, title, source, shown = example.parsed
        if title:
            (self._scratch / title).write_text(source)
        where = f"{example.path}:{example.line}"
        if language == "python":
            line = example.line + source.line_offset + 1
            if title:
                printed = _run_file(title, source, example.namespace)
            else:
                printed = run_python(source, example.namespace, where, line)
        else:
            printed = _run_shell(source, self._scratch)
        if shown is None and language == "sh":
            return
        if shown is None:
            shown = "\n".join(_comments(source))
        assert printed == shown, f"{where} prints\n{printed}\nbut shows\n{shown}"


def _is_next(document: Document, block: Region, following: Region) -> bool:
    return not document.text[block.end : following.start].strip()


def run_python(source: str, namespace: dict[str, object], where: str, line: int) -> str:
    """Execute a block, and return what it printed and the error that it ended with."""
    code = compile("\n" * (line - 1) + source, where, "exec")
    return _printed_by(lambda: exec(code, namespace))


def _printed_by(run: Callable[[], object]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            run()
        except Exception as error:
            error.__notes__ = []  # JAX adds one about its traceback, which pages don't show
            printed.write("".join(traceback.format_exception_only(error)))
    return _trimmed(printed.getvalue())


def _run_shell(source: str, scratch: Path) -> str:
    printed: list[str] = []
    for line in source.splitlines():
        if line in SKIPPED_LINES:
            continue
        expected = _EXITS.search(line)
        path = f"{scratch / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "COLUMNS": "80"}
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=scratch,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        wanted = int(expected.group(1)) if expected else 0
        assert done.returncode == wanted, f"{line}\nexits {done.returncode}\n{done.stdout}"
        printed.append(done.stdout)
    return _trimmed("".join(printed))


def _install_command(scratch: Path) -> None:
    """``keystream`` and ``python`` as after the README's installation, of the running environment."""
    folder = scratch / ".venv/bin"
    folder.mkdir(parents=True)
    for name, module in (("keystream", " -m keystream"), ("python", "")):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}"{module} "$@"\n')
        script.chmod(0o755)


def _comments(source: str) -> Iterable[str]:
    """The comments after ``print(...)``: what the line prints."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and token.line.lstrip().startswith("print("):
            yield token.string.removeprefix("# ")


def _run_file(name: str, source: str, namespace: dict[str, object]) -> str:
    """Execute a block that is a file, in a thread: as in a script, no frame of ours calls it."""
    with ThreadPoolExecutor(1) as thread:
        code = compile(source, name, "exec")
        return _printed_by(lambda: thread.submit(exec, code, namespace).result())


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n"))
