"""A notebook of ten cells with four mistakes: each is found at its cell and line, however it is read."""

import json
import os
import re
import signal
import subprocess
import sys
from html.parser import HTMLParser

import jax
import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from nbformat import v4

import keystream as ks
from keystream._cli import main
from keystream._linter.config import Config
from keystream._linter.fixing import fix

CELLS = [
    "import jax\nimport jax.numpy as jnp",
    "%%time\nkey = jax.random.key(0)\nx = jax.random.normal(key, (3,))\n"
    "y = jax.random.uniform(key, (3,))",
    "!echo shell\n%matplotlib inline\nfiles = !ls",
    "@jax.jit\ndef step(w, key):\n    return w + jax.random.normal(key, w.shape)",
    "w, root = jnp.zeros(3), jax.random.key(1)\nfor i in range(5):\n    w = step(w, root)",
    "clean = jax.random.split(jax.random.key(2))\njax.random.normal(clean[0])",
    "third = jax.random.key(3)\nfirst = jax.random.normal(third, (2,))",
    "second = jax.random.uniform(third, (2,))",
    "%%capture\nparent = jax.random.key(4)\na, b = jax.random.split(parent)\n"
    "z = jax.random.bits(parent) + jax.random.bits(a)",
    "jax.random.normal?",
]
# (code, cell of ten, line): what the audit and lint have to say at least.
AUDITED = [("KS101", 2, 4), ("KS101", 8, 1), ("KS102", 9, 4), ("KS201", 5, 3)]
ENVIRONMENT = {**os.environ, "JAX_PLATFORMS": "cpu"}
WITH_HEADING = 1  # a heading stands above: cells of a file are counted with it


@pytest.fixture
def notebook(tmp_path):
    cells = [v4.new_markdown_cell("# A heading"), *map(v4.new_code_cell, CELLS)]
    path = tmp_path / "nb.ipynb"
    nbformat.write(v4.new_notebook(cells=cells), path)
    return path


def places(report):
    return sorted(
        (found["code"], found["locations"][0]["cell"], found["locations"][0]["line"])
        for found in report["findings"]
        if found["severity"] != "note"
    )


def test_a_notebook_is_audited_with_a_kernel(notebook):
    executed = notebook.with_name("executed.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "keystream", "audit", "--format", "json", "--executed",
         str(executed), notebook.name],
        cwd=notebook.parent, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    report = json.loads(done.stdout)
    expected = [(code, cell + WITH_HEADING, line) for code, cell, line in AUDITED]
    assert places(report) == sorted(expected), done.stderr
    assert {found["locations"][0]["path"] for found in report["findings"]} == {"nb.ipynb"}
    assert done.returncode == 1
    outputs = nbformat.read(executed, as_version=4).cells[6].outputs
    assert "Array(" in outputs[0]["data"]["text/plain"]


def test_a_cell_that_fails_ends_the_notebook_and_is_reported(tmp_path):
    reused = "k = jax.random.key(0)\njax.random.normal(k)\njax.random.uniform(k)"
    cells = ["import jax", reused, "raise RuntimeError('mine')", "1/0"]
    made = v4.new_notebook(cells=list(map(v4.new_code_cell, cells)))
    nbformat.write(made, tmp_path / "nb.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "keystream", "audit", "nb.ipynb"],
        cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "RuntimeError: mine" in done.stderr
    assert "ZeroDivisionError" not in done.stderr
    assert "nb.ipynb, cell 2, line 3: error KS101" in done.stdout


REUSE = "import jax\nkey = jax.random.key(0)\na = jax.random.normal(key)"


def written(path, *cells, **about):
    nbformat.write(v4.new_notebook(cells=list(map(v4.new_code_cell, cells)), metadata=about), path)
    return path


def audited(folder, *words):
    return subprocess.run(
        [sys.executable, "-m", "keystream", "audit", *words],
        cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"cells": [', "nb.ipynb is not a notebook that can be read: "),
        ("[1, 2]", "nb.ipynb is not a notebook that can be read: "),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "nb.ipynb is not a notebook that"),
    ],
)
def test_what_is_no_notebook_is_refused_in_one_message(tmp_path, monkeypatch, capsys, text, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nb.ipynb").write_text(text)
    assert main(["audit", "nb.ipynb"]) == 2
    assert f"keystream audit: {said}" in capsys.readouterr().err


def test_what_can_not_be_done_is_refused_before_a_kernel_starts(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "nb.ipynb", "1")
    written(tmp_path / "julia.ipynb", "1", language_info={"name": "julia"})
    (tmp_path / "script.py").write_text("")
    for words, said in (
        (["--executed", "no/x.ipynb", "nb.ipynb"], "--executed no/x.ipynb can't be written: "),
        (["--executed", "x.ipynb", "script.py"], "--executed is for a notebook, and script.py is "),
        (["--record", "no/x.parquet", "nb.ipynb"], "no/x.parquet can't be written: "),
        (["julia.ipynb"], "julia.ipynb is a notebook of julia\n"),
    ):
        assert main(["audit", *words]) == 2
        assert said in capsys.readouterr().err


def test_a_notebook_has_its_arguments_and_prints_as_it_runs(tmp_path):
    written(tmp_path / "nb.ipynb", "import sys\nprint(sys.argv)\nprint('aside', file=sys.stderr)")
    done = audited(tmp_path, "--executed", "/dev/full", "nb.ipynb", "--lr", "3")
    assert done.stdout.startswith("['nb.ipynb', '--lr', '3']\nkeystream audit: ")
    assert done.stderr.startswith("aside\n")
    assert "--executed /dev/full can't be written: No space left" in done.stderr
    assert done.returncode == 2
    done = audited(tmp_path, "--format", "json", "nb.ipynb")
    assert json.loads(done.stdout)["findings"] == []
    assert done.stderr == "['nb.ipynb']\naside\n"


def test_a_kernel_that_dies_is_told_with_its_cell_and_what_was_seen(tmp_path):
    dies = "import os; os._exit(3)"
    reused = f"{REUSE}\njax.random.uniform(key)"
    written(tmp_path / "nb.ipynb", "\n", reused, dies)
    done = audited(tmp_path, "nb.ipynb")
    assert "the kernel died in cell 3 of nb.ipynb; the cells after it were not run" in done.stderr
    assert "nb.ipynb, cell 2, line 4: error KS101" in done.stdout
    assert "the kernel died in cell 3; this was seen before" in " ".join(done.stdout.split())
    assert done.returncode == 1


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_notebook_that_is_stopped_is_reported_and_recorded(tmp_path, name):
    waits = "jax.random.bits(key)\nprint('ready')\nimport time; time.sleep(60)"
    written(tmp_path / "nb.ipynb", REUSE, waits)
    running = subprocess.Popen(
        [sys.executable, "-m", "keystream", "audit", "--record", "run.parquet", "nb.ipynb"],
        cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 (no threads)
    )  # fmt: skip
    assert running.stdout.readline() == "ready\n"
    running.send_signal(getattr(signal, name))
    shown, told = running.communicate(timeout=60)
    assert "nb.ipynb, cell 2, line 1: error KS101" in shown
    if name == "SIGINT":
        assert "KeyboardInterrupt" in told
        assert running.returncode == 130
    else:
        assert "the run was stopped by SIGTERM" in " ".join(shown.split())
        assert running.returncode == -signal.SIGTERM
    again = subprocess.run(
        [sys.executable, "-m", "keystream", "report", "run.parquet"],
        cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert again.stdout == shown
    assert again.returncode == 1


def test_cells_of_the_same_text_are_different_cells(tmp_path):
    repeat = "for _ in range(9):\n    w = step(w, key)"
    step = (
        "step = jax.jit(lambda w, key: w + jax.random.normal(key))\nkey, w = jax.random.key(0), 0"
    )
    written(tmp_path / "nb.ipynb", f"import jax\n{step}", repeat, repeat)
    done = audited(tmp_path, "--steps", "5", "nb.ipynb")
    assert "nb.ipynb, cell 2, line 2: warning KS201" in done.stdout, done.stderr
    assert "cell 3" not in done.stdout


def test_the_commands_find_the_same_in_a_real_kernel(tmp_path):
    words = ["%load_ext keystream", "%audit on", *CELLS, "%audit report", "%audit off", "%lint"]
    made = v4.new_notebook(cells=[v4.new_code_cell(word) for word in words])
    NotebookClient(made, kernel_name="python3", timeout=120,
                   resources={"metadata": {"path": str(tmp_path)}}).execute()  # fmt: skip
    shown = {
        words[number]: next(
            out["data"] for out in cell.outputs if "text/html" in out.get("data", {})
        )
        for number, cell in enumerate(made.cells)
        if number >= 12
    }
    pattern = re.compile(r"^cell (\d+), line (\d+): (?:error|warning) (KS\d+)", re.MULTILINE)
    for word, before in (("%audit report", 2), ("%audit off", 2), ("%lint", 2)):
        text = shown[word]["text/plain"]
        found = {
            (code, int(cell) - before, int(line)) for cell, line, code in pattern.findall(text)
        }
        assert found >= set(AUDITED), (word, text)
        assert "> 3 |     w = step(w, root)" in text


@pytest.fixture
def shell():
    made = InteractiveShell.instance()  # display() looks for the one shell
    made.run_line_magic("load_ext", "keystream")
    yield made
    made.run_line_magic("unload_ext", "keystream")
    InteractiveShell.clear_instance()


def ran(shell, capsys, source):
    capsys.readouterr()
    shell.run_cell(source, store_history=True)
    return "".join(capsys.readouterr())


def test_one_cell_is_audited_in_plain_ipython(shell, capsys):
    ran(shell, capsys, "import jax")
    shown = ran(
        shell,
        capsys,
        "%%audit\nkey = jax.random.key(0)\na = jax.random.normal(key)\nb = jax.random.normal(key)",
    )
    assert "line 4: error KS101" in shown
    assert "> 4 | b = jax.random.normal(key)" in shown
    assert "the key is made here" in shown
    assert "interactiveshell" not in shown


@pytest.mark.parametrize("commands", ["%%audit\n%%time", "%%time\n%%audit", "%%audit\n\n%%capture"])
def test_the_command_stands_beside_others(shell, capsys, commands):
    ran(shell, capsys, "import jax\nkey = jax.random.key(0)")
    body = "\n\na = jax.random.normal(key)\nb = jax.random.bits(key)\nlater = 1"
    shown = ran(shell, capsys, f"{commands}{body}")
    line = commands.count("\n") + 4
    assert f"line {line}: error KS101" in shown
    assert f"> {line} | b = jax.random.bits(key)" in shown
    assert shell.user_ns["later"] == 1


@pytest.mark.parametrize("words", ["--steps 2", "on"])
def test_the_command_above_a_cell_takes_no_words(shell, capsys, words):
    said = ran(shell, capsys, f"%%audit {words}\nran = True")
    assert f"UsageError: %%audit {words}: the command takes no words" in said
    assert "ran" not in shell.user_ns


def test_an_audit_within_a_cell_names_the_cell(shell, capsys):
    ran(shell, capsys, "import jax, keystream")
    shown = ran(
        shell,
        capsys,
        "with keystream.audit() as audit:\n    key = jax.random.key(0)\n"
        "    jax.random.normal(key), jax.random.bits(key)\nprint(audit)",
    )
    assert re.search(r"^cell \d+, line 3: error KS101", shown, re.MULTILINE), shown


def test_what_is_defined_in_an_audited_cell_stays(shell, capsys):
    ran(shell, capsys, "%%audit\nvalue = 41")
    assert "42" in ran(shell, capsys, "value + 1")
    assert "ZeroDivisionError" in ran(shell, capsys, "%%audit\n1 / 0")


@pytest.mark.parametrize("line", ["%audit", "%audit maybe", "%audit off", "%audit report"])
def test_a_command_that_makes_no_sense_is_told_so(shell, capsys, line):
    said = ran(shell, capsys, line)
    assert "UsageError" in said
    assert "%audit on" in said


def test_a_file_that_is_not_there_is_no_unreadable_source(shell, capsys):
    said = ran(shell, capsys, "%lint nofile.py")
    assert "UsageError: %lint: there is no 'nofile.py'\n" in said
    assert "KS901" not in said


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 can't tell which lines ran")
def test_what_only_source_shows_is_read_across_cells(shell, capsys):
    ran(shell, capsys, "import jax\nimport numpy as np")
    ran(shell, capsys, "%audit on")
    ran(
        shell,
        capsys,
        "def resample(x, seed=7):\n    rng = np.random.default_rng(seed)\n"
        "    return x[rng.integers(0, len(x), size=len(x))]",
    )
    ran(
        shell,
        capsys,
        "x, means = np.arange(9.0), np.empty(5)\nfor i in range(5):\n"
        "    means[i] = resample(x).mean()",
    )
    ran(shell, capsys, "def key_of(seed):\n    return jax.random.key(seed)")
    ran(shell, capsys, "import time\nkey = key_of(int(time.time()))")
    shown = ran(shell, capsys, "%audit report")
    assert "cell 3, line 2: warning KS504" in shown
    assert "cell 4, line 2: the loop" in shown
    assert "cell 5, line 2: error KS502" in shown


def test_unloading_leaves_ipython_as_it_was(capsys):
    shell = InteractiveShell()
    before = type(shell.compile)
    shell.run_line_magic("load_ext", "keystream")
    assert type(shell.compile) is not before
    shell.run_cell("%audit on")
    shell.run_line_magic("unload_ext", "keystream")
    assert type(shell.compile) is before
    InteractiveShell.clear_instance()


# ---------------------------------------------------------------- how things show themselves


class Loads(HTMLParser):
    """Collects what a piece of HTML would load, and checks that its tags are closed."""

    def __init__(self):
        super().__init__()
        self.loads, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.loads += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("br", "img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def shown_things():
    import jax

    with ks.audit("cell") as audit:
        key = jax.random.key(0)
        jax.random.normal(key)
        jax.random.uniform(key)
    yield "audit", audit, "KS"
    yield "report", audit.report, "draws"
    if audit.findings:
        yield "finding", audit.findings[0], audit.findings[0].code
    yield "streams", ks.Streams(0, "params", "dropout"), "dropout"
    yield "plan", ks.plan(jax.random.normal, key), "normal"


@pytest.mark.parametrize("number", range(5))
def test_a_thing_shows_itself_as_text_and_as_html_without_network(number):
    name, thing, word = list(shown_things())[number]
    made = thing._repr_mimebundle_()
    assert word in made["text/plain"], name
    assert word in made["text/html"]
    page = Loads()
    page.feed(made["text/html"])
    assert page.loads == []
    assert page.open == []
    assert "<script" not in made["text/html"]
    assert not re.search(r"(?<!-)\bcolor:\s*(?:#000|#fff|black|white)", made["text/html"])


def test_an_audit_says_that_it_runs():
    running = "keystream audit of mine: it is running; its report is there when it has ended"
    with ks.audit("mine") as audit:
        assert repr(audit) == f"<{running}>"
        assert str(audit) == running
        jax.random.normal(jax.random.key(0))
    assert repr(audit).startswith("<keystream audit: nothing found")
    assert str(audit) == str(audit.report)


# ---------------------------------------------------------------- lint


def test_lint_reads_cells_with_commands_and_names_files_that_exist(notebook, capsys, monkeypatch):
    monkeypatch.chdir(notebook.parent)
    assert main(["lint", "--format", "json", "nb.ipynb"]) == 1
    found = places(json.loads(capsys.readouterr().out))
    expected = {(code, cell + WITH_HEADING, line) for code, cell, line in AUDITED}
    assert set(found) >= expected
    main(["lint", "--format", "sarif", "nb.ipynb"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    places_ = [place["physicalLocation"] for result in run["results"]
               for place in (*result["locations"], *result["relatedLocations"])]  # fmt: skip
    assert {place["artifactLocation"]["uri"] for place in places_} == {"nb.ipynb"}
    assert all("region" not in place for place in places_)
    main(["lint", "--format", "github", "nb.ipynb"])
    first = capsys.readouterr().out.splitlines()[0]
    assert re.match(
        r"::error file=nb.ipynb,title=KS101 key-reused::nb.ipynb, cell 3, line 4: ", first
    )


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%time\nx = 1", ["", "x = 1"]),
        ("%%bash\nls (", ["", ""]),
        ("%time x = 1", ["x = 1"]),
        ("%timeit -n 3 f()", ["pass"]),
        ("if a:\n    !ls", ["if a:", "    pass"]),
        ("files = !ls *.py", ["files = None"]),
        ("f?", ["pass"]),
        ("?f", ["pass"]),
        ("!ls \\\n  -l\nx = 2", ["pass", "", "x = 2"]),
        ("y = a % b", ["y = a % b"]),
        ("y = x != 1", ["y = x != 1"]),
        ("\n%%capture out\nx = 1", ["", "", "x = 1"]),
    ],
)
def test_a_cell_is_read_without_ipythons_commands(cell, expected):
    from keystream._lint.source import plain

    assert plain(cell.split("\n")) == expected


def test_a_notebook_is_mended_in_its_cells_and_nothing_else_changes(notebook):
    made = nbformat.read(notebook, as_version=4)
    made.cells[2].outputs = [v4.new_output("stream", text="kept\n")]
    made.cells[2].metadata["tags"] = ["kept"]
    nbformat.write(made, notebook)
    before = notebook.read_text().splitlines()
    assert main(["lint", "--unsafe-fixes", str(notebook)]) in (0, 1)
    after = notebook.read_text().splitlines()
    assert len(after) > len(before)
    old, new = (nbformat.reads("\n".join(text), as_version=4) for text in (before, after))
    for one, other in zip(old.cells, new.cells, strict=True):
        assert {**one, "source": ""} == {**other, "source": ""}
    assert new.cells[2].source == CELLS[1].replace("x = jax.random.normal(key", "key, x_key = "
        "jax.random.split(key)\nx = jax.random.normal(x_key")  # fmt: skip
    assert new.cells[3].source == CELLS[2]
    kept = [line for line in before if line not in after]
    assert all("jax.random" in line or "step(w" in line for line in kept)
    assert fix(notebook, Config(), unsafe=True) is None


def test_a_cell_that_is_no_python_is_named_and_the_others_are_read(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(
        tmp_path / "nb.ipynb",
        "pip install jax\n",
        "x = 1\ny = (",
        f"{REUSE}\nb = jax.random.bits(key)",
    )
    assert main(["lint", "--format", "json", "nb.ipynb"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert places(report) == [("KS101", 3, 4), ("KS901", 2, 2)]
    assert report["findings"][0]["why"] == "nothing was checked in this cell"
    assert main(["lint", "--ignore", "KS9,KS1", "nb.ipynb"]) == 0
    written(tmp_path / "nb.ipynb", "x = (", language_info={"name": "julia"})
    assert main(["lint", "nb.ipynb"]) == 0


def test_repairs_of_a_notebook_are_told_by_cell(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    drawn = "import jax\n\nkey = jax.random.key(0)\na = jax.random.normal(key)"
    written(tmp_path / "nb.ipynb", drawn, "b = jax.random.normal(key)", "c = jax.random.bits(key)")
    assert main(["lint", "nb.ipynb"]) == 1
    told = "Split a key off for cell 1, line 4 and cell 2, line 1"
    assert told in " ".join(capsys.readouterr().out.split())
    held = "keys = [key]\nd = jax.random.bits(keys[0]) + jax.random.bits(keys[0])"
    written(tmp_path / "nb.ipynb", drawn.replace("a =", "# a ="), held)
    main(["lint", "--unsafe-fixes", "nb.ipynb"])
    assert "nb.ipynb, cell 2, line 2: KS101 is not repaired: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "layout",
    [
        {"separators": (",", ":")},
        {"separators": (", ", ": ")},
        {"indent": "\t"},
        {"indent": 1, "ensure_ascii": False},
        {"indent": 4},
    ],
)
@pytest.mark.parametrize("as_text", [False, True])
def test_a_repair_leaves_the_layout_of_the_file(tmp_path, layout, as_text):
    made = [f"{REUSE}\nb = jax.random.bits(key)  # \u00e9", "# \u00e9\nx = 1", "y = '\\\\ \"'"]
    cells = [v4.new_code_cell(each, metadata={"source": "x"}) for each in made]
    document = json.loads(nbformat.writes(v4.new_notebook(cells=cells)))
    if as_text:
        for cell, text in zip(document["cells"], made, strict=True):
            cell["source"] = text
    path = tmp_path / "nb.ipynb"
    path.write_text(json.dumps(document, **layout), encoding="utf-8")
    assert main(["lint", "--unsafe-fixes", str(path)]) == 0
    cell = document["cells"][0]
    new = (
        made[0]
        .replace("a =", "key, a_key = jax.random.split(key)\na =")
        .replace("normal(key", "normal(a_key")
    )
    cell["source"] = new if as_text else new.splitlines(keepends=True)
    assert path.read_text(encoding="utf-8") == json.dumps(document, **layout)
