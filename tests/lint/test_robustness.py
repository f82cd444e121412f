"""Whatever a file holds, lint answers: with findings, or with the one that it can't be read."""

import ast
import gc
import json
import random
import sys
import weakref
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keystream._lint.reader import Reader
from keystream._linter.config import Config
from keystream._linter.engine import Worker, check

CASES = [path.read_text() for path in sorted((Path(__file__).parent / "cases").glob("*.py"))]
REUSED = "import jax\nk = jax.random.key(0)\nprint(jax.random.normal(k), jax.random.uniform(k))\n"


def _codes(path, raw):
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return [finding.code for finding in Worker(Config()).check(path).findings]


@pytest.mark.parametrize(
    "raw",
    [
        b"import jax\ndef f(:\n",
        b"import jax\nprint 'two'\n",
        b"import jax\x00\n",
        b"import jax\ns = '\xff\xfe'\n",
        b"# coding: no-such-encoding\nimport jax\n",
        "import jax\n".encode("utf-16"),
        b"import jax\nx = " + b"(" * 5000 + b"1" + b")" * 5000 + b"\n",
        b"import jax\nx = " + b"+".join([b"key"] * 20_000) + b"\n",
        b"import jax\nx = jax" + b".a" * 20_000 + b"\n",
        b"import jax\nx = " + b"lambda: " * 3000 + b"1\n",
        b"import jax\nkeys = [\n" + b"    'jax',\n" * 200_000 + b"]\n",
    ],
    ids=[
        "syntax",
        "python 2",
        "nul",
        "utf-8",
        "coding",
        "utf-16",
        "brackets",
        "sum",
        "attributes",
        "lambdas",
        "size",
    ],
)
def test_a_source_that_cannot_be_read_is_one_finding(tmp_path, raw):
    assert _codes(tmp_path / "file.py", raw) == ["KS901"]


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf" + REUSED.encode(),
        REUSED.replace("\n", "\r\n").encode(),
        REUSED.replace("\n", "\r").encode(),
        b"# -*- coding: latin-1 -*-\n# \xe9\n" + REUSED.encode(),
    ],
    ids=["byte order mark", "crlf", "cr", "latin-1"],
)
def test_other_encodings_and_line_ends_are_read(tmp_path, raw):
    assert _codes(tmp_path / "file.py", raw) == ["KS101"]


def test_an_unreadable_file_does_not_hide_the_others(tmp_path):
    (tmp_path / "a.py").write_text("import jax\ndef f(:\n")
    (tmp_path / "b.py").write_text(REUSED)
    report = check([str(tmp_path)], Config())
    assert [finding.code for finding in report.findings] == ["KS901", "KS101"]


@pytest.mark.parametrize("raw", [b"{}", b"not json", b'{"cells": 3}', b"[" * 100_000])
def test_a_broken_notebook_is_one_finding(tmp_path, raw):
    assert _codes(tmp_path / "book.ipynb", raw) == ["KS901"]


def test_names_that_refer_to_themselves_end(tmp_path):
    text = (
        "import jax\nfrom . import *\nfrom file import f\nx = x\nx[0] = x\nclass A(A): pass\n"
        "def f(key):\n    return g(key)\ndef g(key):\n    return f(key) + jax.random.normal(key)\n"
        "d = {}\nd['d'] = d\nf(jax.random.key(0))\n"
    )
    assert _codes(tmp_path / "file.py", text) == ["KS101"]  # `g` draws alike at each depth


def test_calls_that_double_at_each_level_end(tmp_path):
    lines = ["import jax", "def f0(key): return jax.random.normal(key)"]
    lines += [f"def f{i}(key): return f{i - 1}(key) + f{i - 1}(key)" for i in range(1, 60)]
    assert set(_codes(tmp_path / "file.py", "\n".join(lines))) == {"KS101"}


@settings(max_examples=150)
@given(st.data())
def test_mutated_sources_are_read_or_refused(tmp_path_factory, data):
    text = data.draw(st.sampled_from(CASES))
    lines = text.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(lines) - 1))
        other = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "double", "swap", "cut", "insert"])):
            case "drop":
                lines[place] = ""
            case "double":
                lines[place] *= 2
            case "swap":
                lines[place], lines[other] = lines[other], lines[place]
            case "cut":
                lines[place] = lines[place][: len(lines[place]) // 2]
            case "insert":
                lines[place] += data.draw(st.text(max_size=20))
    path = tmp_path_factory.getbasetemp() / "mutated.py"
    path.write_text("".join(lines), encoding="utf-8", errors="replace")
    findings = Worker(Config()).check(path).findings
    assert not [finding for finding in findings if "reader failed" in finding.message]


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_trees_put_together_at_random_are_read(tmp_path_factory, seed):
    rng = random.Random(seed)
    trees = [ast.parse(text) for text in rng.sample(CASES, 3)]
    statements = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    expressions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.expr)]
    for _ in range(20):
        target = rng.choice([node for node in statements if hasattr(node, "value")])
        target.value = rng.choice(expressions)
    path = tmp_path_factory.getbasetemp() / "shuffled.py"
    try:
        path.write_text("\n".join(ast.unparse(tree) for tree in trees))
    except (RecursionError, ValueError, AttributeError):
        return  # it holds itself, or is no program
    findings = Worker(Config()).check(path).findings
    assert not [finding for finding in findings if "reader failed" in finding.message]


def test_cells_that_are_no_python_are_passed_over(tmp_path):
    cells = [
        {
            "cell_type": "code",
            "source": ["import jax\n", "%matplotlib inline\n", "k = jax.random.key(0)\n"],
        },
        {"cell_type": "code", "source": "%%bash\nls ("},
        {"cell_type": "code", "source": "def sketch(...): ???"},
        {"cell_type": "markdown", "source": "text"},
        {"cell_type": "code", "source": "print(jax.random.normal(k), jax.random.uniform(k))"},
    ]
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    (finding,) = Worker(Config()).check(path).findings
    assert finding.code == "KS101"
    assert (finding.locations[0].path, finding.locations[0].line) == (str(path), 1)
    assert finding.locations[0].cell == 5


@pytest.mark.parametrize(
    ("version", "line", "what"),
    [
        ((3, 14), "try:\n    x = 1\nexcept ValueError, TypeError:\n    pass\n", "without brackets"),
        ((3, 14), "x = t'{key}'\n", "a template string"),
        ((3, 13), "def f[T = int](x: T): ...\n", "a type parameter's default"),
        ((3, 12), "type X = int\n", "a `type` statement"),
        ((3, 12), "def f[T](x: T): ...\n", "type parameters"),
    ],
)
def test_grammar_that_is_newer_than_the_reader_says_which_python_it_needs(
    tmp_path, version, line, what
):
    path = tmp_path / "newer.py"
    path.write_text("import jax\n" + line)
    (found,) = Worker(Config()).check(path).findings or (None,)
    if sys.version_info[:2] >= version:
        assert found is None
    else:
        needed = ".".join(map(str, version))
        assert found.code == "KS901"
        assert f"{what}" in found.message
        assert f"needs Python {needed}" in found.message


def test_what_a_file_left_behind_goes_without_a_collection_of_garbage(tmp_path, monkeypatch):
    path = tmp_path / "file.py"
    path.write_text(REUSED)
    tables = []
    opened = Reader.__init__

    def noted(self, *args):
        opened(self, *args)
        tables.append(weakref.ref(self.table))

    monkeypatch.setattr(Reader, "__init__", noted)
    worker = Worker(Config())
    gc.disable()
    try:
        findings = worker.check(path).findings
        collecting = gc.isenabled()
    finally:
        gc.enable()
    assert [finding.code for finding in findings] == ["KS101"]
    assert len(tables) == 1
    assert tables[0]() is None
    assert not collecting


def test_a_worker_leaves_the_collection_of_garbage_switched_on(tmp_path):
    path = tmp_path / "file.py"
    path.write_text("import jax\ndef f(:\n")
    Worker(Config()).check(path)
    assert gc.isenabled()
    check([str(path)], Config(), jobs=1)
    assert gc.isenabled()
