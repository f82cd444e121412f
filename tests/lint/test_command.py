"""The command: what it prints in each format, what it leaves out, how it ends."""

import json
import subprocess
import sys
import textwrap

import pytest

from keystream._cli import main

REUSED = """\
import jax

key = jax.random.key(0)
x = jax.random.normal(key, (3,))
y = jax.random.uniform(key, (3,))
"""
CLEAN = "import jax\n\nx = jax.random.normal(jax.random.key(0), (3,))\n"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))


def test_a_finding_is_printed_whole(tmp_path, capsys):
    _write(tmp_path / "train.py", REUSED)
    assert main(["lint", "train.py"]) == 1
    assert capsys.readouterr().out == (
        "train.py:5:5: error KS101 jax.random.uniform() draws from `key`, "
        "which jax.random.normal() at line 4 draws from too\n"
        "    4 | x = jax.random.normal(key, (3,))\n"
        "  > 5 | y = jax.random.uniform(key, (3,))\n"
        "  also:  train.py:4:5: the first use\n"
        "  also:  train.py:3:7: where the key comes from\n"
        "  why:   the two give the same or dependent numbers where independent ones are\n"
        "         expected\n"
        "  fix:   give each its own key:\n"
        "         first_key, second_key = jax.random.split(key)\n"
        "         x = jax.random.normal(first_key, (3,))\n"
        "         y = jax.random.uniform(second_key, (3,))\n"
        "  repair: --unsafe-fixes: Split a key off for line 4\n"
        "  KS101 key-reused (keystream rule KS101)\n"
        "\n"
        "keystream lint: 1 error (1 file; 5 lines)\n"
    )


def test_nothing_found_ends_with_zero(tmp_path, capsys):
    _write(tmp_path / "train.py", CLEAN)
    assert main(["lint"]) == 0
    assert capsys.readouterr().out == "keystream lint: nothing found (1 file; 3 lines)\n"


def test_notes_alone_end_with_zero(tmp_path, capsys):
    _write(tmp_path / "train.py", "import jax\nkey = jax.random.PRNGKey(0)\n")
    assert main(["lint"]) == 0
    assert "keystream lint: 1 note (1 file; 2 lines)" in capsys.readouterr().out


def test_a_path_that_is_not_there_ends_with_two(capsys):
    assert main(["lint", "nowhere"]) == 2
    assert (
        capsys.readouterr().err
        == "keystream lint: there is no 'nowhere'\n  fix:   keystream lint PATH ...\n"
    )


@pytest.mark.parametrize("word", ["train", "trian.py"])
def test_a_path_that_is_nearly_there_is_offered(tmp_path, capsys, word):
    _write(tmp_path / "train.py", CLEAN)
    assert main(["lint", word]) == 2
    assert capsys.readouterr().err.endswith("  fix:   keystream lint train.py\n")
    assert main(["migrate", word]) == 2
    assert capsys.readouterr().err.endswith("  fix:   keystream migrate train.py\n")


def test_a_folder_without_a_file_to_read_is_said(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["lint", "empty"]) == 0
    printed = capsys.readouterr()
    assert printed.err == (
        "keystream lint: warning: no file was read: empty has no Python file or notebook, "
        "or exclude leaves them out\n"
    )
    assert printed.out == "keystream lint: nothing found (0 files; 0 lines)\n"


def test_json_has_the_fields_of_the_audit(tmp_path, capsys):
    _write(tmp_path / "train.py", REUSED)
    assert main(["lint", "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["version"] == 1
    assert report["summary"] == {"files": 1, "lines": 5}
    (finding,) = report["findings"]
    assert finding["code"] == "KS101"
    assert finding["name"] == "key-reused"
    assert [place["line"] for place in finding["locations"]] == [5, 4, 3]  # draw, draw, key
    assert finding["locations"][0] == {
        "path": "train.py",
        "line": 5,
        "column": 5,
        "function": "<module>",
    }
    assert finding["related"][0]["line"] == 4


def test_sarif_names_rule_level_and_place(tmp_path, capsys):
    _write(tmp_path / "train.py", REUSED)
    main(["lint", "--format", "sarif"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("KS101", "error")
    assert result["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 5,
        "startColumn": 5,
    }


def test_github_gets_workflow_commands(tmp_path, capsys):
    _write(tmp_path / "train.py", REUSED)
    main(["lint", "--format", "github"])
    assert capsys.readouterr().out.startswith(
        "::error file=train.py,line=5,title=KS101 key-reused,col=5::"
    )


def test_statistics_count_by_code(tmp_path, capsys):
    _write(tmp_path / "a.py", REUSED)
    _write(tmp_path / "b.py", REUSED)
    assert main(["lint", "--statistics"]) == 1
    assert capsys.readouterr().out == "     2  KS101  key-reused\n2 files, 10 lines read\n"


@pytest.mark.parametrize(
    "words", [["--ignore", "KS101"], ["--select", "KS2,KS3"], ["--ignore", "key-reused"]]
)
def test_codes_are_selected_and_ignored(tmp_path, words):
    _write(tmp_path / "train.py", REUSED)
    assert main(["lint", *words]) == 0


@pytest.mark.parametrize(
    ("word", "fix"),
    [
        ("KS999", "keystream rule   (lists every code)"),
        ("key-reusd", "did you mean 'key-reused'? Otherwise list every code: keystream rule"),
        ("101", "did you mean 'KS101'? Otherwise list every code: keystream rule"),
    ],
)
def test_a_code_that_is_none_is_refused(capsys, word, fix):
    assert main(["lint", "--select", word]) == 2
    assert capsys.readouterr().err == (
        f"keystream lint: there is no code or mistake '{word}'\n"
        "  where: --select\n"
        "  why:   nothing would be selected or left out by it, and no report would say so\n"
        f"  fix:   {fix}\n"
        "  KS002 value-out-of-range (keystream rule KS002)\n"
    )


@pytest.mark.parametrize(
    "table",
    [
        'ignore = ["KS101"]',
        'select = ["KS5"]',
        'exclude = ["old"]',
        '[tool.keystream.per-file-ignores]\n"old/*" = ["key-reused"]',
    ],
)
def test_pyproject_says_what_is_wanted(tmp_path, table):
    _write(tmp_path / "old" / "train.py", REUSED)
    _write(tmp_path / "pyproject.toml", f"[tool.keystream]\n{table}\n")
    assert main(["lint"]) == 0


@pytest.mark.parametrize(
    "path", ["tests/data.py", "test_train.py", "docs/tour.py", "benchmarks/run.py"]
)
def test_what_is_beside_the_program_is_a_note_unless_asked_for(tmp_path, capsys, path):
    _write(tmp_path / "pyproject.toml", "")
    _write(tmp_path / path, REUSED)
    assert main(["lint", "."]) == 0
    assert "note KS101" in capsys.readouterr().out
    _write(tmp_path / "pyproject.toml", '[tool.keystream]\ntests = "same"\n')
    assert main(["lint", "."]) == 1
    assert "error KS101" in capsys.readouterr().out


def test_a_folder_above_the_project_does_not_make_it_a_test(tmp_path, monkeypatch):
    _write(tmp_path / "tests" / "project" / "pyproject.toml", "")
    _write(tmp_path / "tests" / "project" / "train.py", REUSED)
    monkeypatch.chdir(tmp_path / "tests" / "project")
    assert main(["lint", "train.py"]) == 1


def test_a_comment_lowers_a_warning_and_is_quoted(tmp_path, capsys):
    text = """\
        import jax

        def noisy(x, key):
            return x + jax.random.normal(key, x.shape)

        def both(x, y, key):
            a = noisy(x, key)
            # common random numbers
            b = noisy(y, key)
            return a, b
        """
    _write(tmp_path / "train.py", text)
    assert main(["lint", "train.py"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "“common random numbers” (train.py:8)" in said


def test_a_comment_that_denies_lowers_nothing(tmp_path):
    text = """\
        import jax

        def noisy(x, key):
            return x + jax.random.normal(key, x.shape)

        def both(x, y, key):
            a = noisy(x, key)
            b = noisy(y, key)  # is NOT the same noise
            return a, b
        """
    _write(tmp_path / "train.py", text)
    assert main(["lint", "train.py"]) == 1


def test_no_comment_touches_an_error(tmp_path, capsys):
    _write(
        tmp_path / "train.py", REUSED.replace("y = ", "# common random numbers, on purpose\ny = ")
    )
    assert main(["lint", "train.py"]) == 1
    assert "error KS101" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("table", "what", "fix"),
    [
        (
            "[tool.keystream]\nselct = []\n",
            "[tool.keystream] has no option 'selct'; there are exclude, ignore, per-file-ignores, "
            "select, tests",
            "did you mean 'select'? Otherwise take one of these, or remove the line",
        ),
        (
            '[tool.keystream]\ntests = "yes"\n',
            'tests = \'yes\' is neither "note" nor "same"',
            'write it so: tests = "same"',
        ),
        (
            '[tool.keystream]\nignore = "KS1"\n',
            "ignore = 'KS1' is not a list of strings",
            'write it so: ignore = ["KS105"]',
        ),
        (
            "[tool.keystream]\nper-file-ignores = 3\n",
            "per-file-ignores is 3, not a table",
            'write it so: [tool.keystream.per-file-ignores]\n         "train.py" = ["key-reused"]',
        ),
        (
            "[tool]\nkeystream = 3\n",
            "tool.keystream is 3, not a table",
            'write a table:\n         [tool.keystream]\n         select = ["KS1", "key-reused"]',
        ),
        (
            "[tool.keystream\n",
            "pyproject.toml can't be read: Expected ']' at the end of a table declaration "
            "(at line 1, column 16)",
            "correct pyproject.toml there",
        ),
        (
            '[tool.keystream]\nignore = ["key-reusd"]\n',
            "there is no code or mistake 'key-reusd'",
            "did you mean 'key-reused'? Otherwise list every code: keystream rule",
        ),
    ],
)
def test_what_is_wrong_in_the_table_is_told_with_its_own_remedy(tmp_path, capsys, table, what, fix):
    _write(tmp_path / "pyproject.toml", table)
    assert main(["lint"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"keystream lint: {what}\n")
    assert f"{tmp_path / 'pyproject.toml'}\n" in said
    assert f"  fix:   {fix}\n" in said


@pytest.mark.parametrize(
    "comment",
    [
        "# keystream: ignore[KS101] compared on purpose",
        "# keystream: ignore[key-reused]",
        "# keystream: ignore",
        "# noqa: KS101",
        "# noqa: E501, KS101",
    ],
)
def test_a_comment_suppresses_and_is_counted(tmp_path, capsys, comment):
    _write(tmp_path / "train.py", REUSED.rstrip() + f"  {comment}\n")
    assert main(["lint"]) == 0
    assert capsys.readouterr().out == "keystream lint: 1 suppressed (1 file; 5 lines)\n"


def test_a_comment_above_the_line_suppresses(tmp_path):
    lines = REUSED.splitlines()
    _write(
        tmp_path / "train.py",
        "\n".join([*lines[:4], "# keystream: ignore[KS101] on purpose", lines[4], ""]),
    )
    assert main(["lint"]) == 0


def test_a_comment_for_another_code_does_not_suppress_and_is_named(tmp_path, capsys):
    _write(tmp_path / "train.py", REUSED.rstrip() + "  # keystream: ignore[KS201]\n")
    assert main(["lint"]) == 1
    assert (
        "note KS903 the comment ignores KS201, which is not found on its line"
        in capsys.readouterr().out
    )


def test_a_comment_within_a_string_is_none(tmp_path):
    _write(tmp_path / "train.py", REUSED.rstrip() + ' + len("# keystream: ignore")\n')
    assert main(["lint"]) == 1


def test_a_report_is_written_where_asked(tmp_path, capsys):
    _write(tmp_path / "train.py", REUSED)
    assert main(["lint", "--format", "json", "--output", "report.json"]) == 1
    assert capsys.readouterr().out == ""
    assert json.loads((tmp_path / "report.json").read_text())["findings"]


def test_neither_jax_nor_the_users_code_is_imported(tmp_path):
    _write(tmp_path / "train.py", REUSED + "raise SystemExit('imported')\n")
    program = (
        "import sys\n"
        "for name in ('jax', 'jaxlib', 'numpy', 'flax', 'rich'): sys.modules[name] = None\n"
        "from keystream._cli import main\n"
        "raise SystemExit(main(['lint', 'train.py']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "KS101" in done.stdout


def test_functions_of_the_project_are_followed_over_files(tmp_path, capsys):
    _write(tmp_path / "pkg" / "__init__.py", "")
    _write(
        tmp_path / "pkg" / "noise.py",
        """\
        import jax

        def noise(key, x):
            return x + jax.random.normal(key, x.shape)
        """,
    )
    _write(
        tmp_path / "pkg" / "train.py",
        """\
        from .noise import noise
        from pkg import noise as other

        def train(key, xs):
            return [noise(key, x) for x in xs]

        def elsewhere(key, x):
            return other.noise(key, x) + noise(key, x + 1)
        """,
    )
    assert main(["lint", "pkg"]) == 1
    out = capsys.readouterr().out
    assert "pkg/train.py:5:13: error KS201" in out
    assert "pkg/train.py:8:34: warning KS101" in out
    assert "also:  pkg/noise.py:4:16: in noise" in out


def test_many_files_are_shared_out_with_one_result(tmp_path, capsys):
    filler = "".join(f"value_{i} = {i}\n" for i in range(4000))
    for number in range(12):
        _write(tmp_path / f"f{number:02}.py", REUSED + filler)
    assert main(["lint", "--format", "json"]) == 1
    shared = json.loads(capsys.readouterr().out)["findings"]
    main(["lint", "--format", "json", "--jobs", "1"])
    assert shared == json.loads(capsys.readouterr().out)["findings"]
    assert [finding["locations"][0]["path"] for finding in shared] == [
        f"f{number:02}.py" for number in range(12)
    ]


def test_what_is_excused_is_told_where_it_is_asked_for(tmp_path, capsys):
    _write(tmp_path / "train.py", REUSED.replace("uniform", "normal") + "assert (x == y).all()\n")
    assert main(["lint", "train.py"]) == 0
    assert "excused" not in capsys.readouterr().out
    assert main(["lint", "--show-excused", "train.py"]) == 0
    told = "train.py:5: excused 1 use of a key used before, at train.py:4: compared with each other"
    assert " ".join(capsys.readouterr().out.split()).startswith(told)
